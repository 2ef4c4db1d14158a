"""Statistics: counts by hour and day, from the feed of events, and the questions that pages and API ask them."""

READER = "statistics"
