"""What an operator has to see to so that mail arrives: each thing is asked about, judged, and told in one sentence."""
