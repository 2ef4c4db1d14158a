"""Sends one mail and one batch into a sandbox with the official SDK as its documentation shows it.

Environment: API_TOKEN, SANDBOX_ID, FROM, TO (two addresses, a comma between), SUBJECT. The SDK's host is fixed in its
code; HTTPS_PROXY leads it elsewhere. Output: JSON list of the two answers.
"""

import json
import os

import mailtrap as mt

sender = mt.Address(email=os.environ["FROM"], name="Shop – Grüße")
first, second = (mt.Address(email=address) for address in os.environ["TO"].split(","))
client = mt.MailtrapClient(token=os.environ["API_TOKEN"], sandbox=True, inbox_id=os.environ["SANDBOX_ID"])
mail = mt.Mail(
    sender=sender, to=[first], cc=[second], subject=os.environ["SUBJECT"], html="<p>1 €</p>", category="Outside"
)
batch = mt.BatchSendEmailParams(
    base=mt.BatchMail(sender=sender, subject=f"{os.environ['SUBJECT']}, batch", text="1 €"),
    requests=[mt.BatchEmailRequest(to=[one]) for one in (first, second)],
)
print(json.dumps([client.send(mail), client.batch_send(batch)]))
