"""What is remembered of an account: frozen records, no Turn and nobody who acts."""
