"""Where django-allauth asks us about second factors: their secrets are sealed, since they are used and not compared."""

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import InvalidToken

from mailtrap_site.sealed import seal, unseal


class MfaAdapter(DefaultMFAAdapter):
    """Seals the secret of an authenticator app and the seed of recovery codes."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """What was kept before secrets were sealed is as it was; `rotate_keys` seals it."""
        try:
            return unseal(encrypted_text)
        except InvalidToken:
            return encrypted_text
