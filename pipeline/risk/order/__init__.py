"""An order before it is judged: its terms, its effect on exposure and its stop price."""
