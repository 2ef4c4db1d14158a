"""What every page is drawn with: template tags, states, charts, fragments, the shell. A leaf: it knows no app."""
