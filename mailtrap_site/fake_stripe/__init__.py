"""A stand-in for Stripe that speaks as it does for what we use, with test cards only: no money moves. It serves
`make run` and the tests; the real `stripe` package talks to it over a socket."""
