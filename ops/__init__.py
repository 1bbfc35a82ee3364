"""Operations: the Grafana dashboard, built from code, and a real run of the alerts."""
