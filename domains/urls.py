"""Addresses of the sending domains; all lie under one account."""

from django.urls import path

from domains.views import acme, demo, listing, settings, setup

app_name = "domains"

urlpatterns = [
    path("acme/ask", acme.certificate, name="acme_ask"),
    path("a/<int:account_id>/domains/", listing.domain_list, name="list"),
    path("a/<int:account_id>/domains/add/", listing.domain_add, name="add"),
    path("a/<int:account_id>/domains/demo/", demo.make_demo, name="make_demo"),
    path("a/<int:account_id>/domains/<int:domain_id>/", setup.domain_detail, name="detail"),
    path("a/<int:account_id>/domains/<int:domain_id>/verification/", setup.domain_verification, name="verification"),
    path("a/<int:account_id>/domains/<int:domain_id>/demo-zone/", setup.domain_demo_zone, name="demo_zone"),
    path("a/<int:account_id>/domains/<int:domain_id>/settings/", settings.domain_settings, name="settings"),
    path("a/<int:account_id>/domains/<int:domain_id>/delete/", listing.domain_delete, name="delete"),
]
