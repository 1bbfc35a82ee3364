"""What people see of a running role: metrics, health, logs."""
