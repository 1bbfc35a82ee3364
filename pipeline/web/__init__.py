"""What the console and the door share: who is answered, and how they are served."""
