"""Looks at a domain's DNS as a support engineer would: asks its own servers and several resolvers, and says what is
wrong.

`examination` asks, with `authority`, `second_look` and `spf` for its parts; `verdict` and `findings` judge, purely.
"""
