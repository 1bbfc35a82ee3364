"""What people watch riskgate with: the dashboard, built from code, and a real run of its alerts."""
