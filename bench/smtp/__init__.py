"""The parts of `bench.smtp_delivery`: the peers, the client that loads them, the sink behind them, and the accounts."""
