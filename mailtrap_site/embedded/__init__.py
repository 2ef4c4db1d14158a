"""The one-command default: PostgreSQL from a wheel and every process of the service under one supervisor."""
