"""Whether a domain's owner may send to the world: sender information, explainable rules, questions, staff."""
