"""Sends a batch with the official SDK: one mail that takes all from its base, one that replaces subject and text, and
one that is refused, because its sender's domain is not ours.

Environment: API_TOKEN, FROM, TO (two addresses, with a comma), SUBJECT; BULK=1 for the bulk stream. Output: JSON.
"""

import json
import os

import mailtrap as mt

first, second = os.environ["TO"].split(",")
batch = mt.BatchSendEmailParams(
    base=mt.BatchMail(
        sender=mt.Address(email=os.environ["FROM"], name="Shop – Grüße"),
        subject=os.environ["SUBJECT"],
        text="Größe: 1 €",
        category="Outside",
        custom_variables={"order": "58213"},
    ),
    requests=[
        mt.BatchEmailRequest(to=[mt.Address(email=first)]),
        mt.BatchEmailRequest(to=[mt.Address(email=second)], subject="Another", text="Größe: 2 €"),
        mt.BatchEmailRequest(to=[mt.Address(email=first)], sender=mt.Address(email="hello@elsewhere.test")),
    ],
)
client = mt.MailtrapClient(token=os.environ["API_TOKEN"], bulk=os.environ.get("BULK") == "1")
print(json.dumps(client.batch_send(batch)))
