"""Addresses of the sending domains: all lie under one account but the set-up page of a letter's link."""

from django.urls import path

from domains.views import acme, company, demo, downloads, health, keys, listing, review, settings, setup, sharing

app_name = "domains"

urlpatterns = [
    path("acme/ask", acme.certificate, name="acme_ask"),
    path("a/<int:account_id>/domains/", listing.domain_list, name="list"),
    path("a/<int:account_id>/domains/add/", listing.domain_add, name="add"),
    path("a/<int:account_id>/domains/demo/", demo.make_demo, name="make_demo"),
    path("a/<int:account_id>/domains/<int:domain_id>/", setup.domain_detail, name="detail"),
    path("a/<int:account_id>/domains/<int:domain_id>/verification/", setup.domain_verification, name="verification"),
    path("a/<int:account_id>/domains/<int:domain_id>/demo-zone/", setup.domain_demo_zone, name="demo_zone"),
    path("a/<int:account_id>/sender-information/", company.sender_information, name="company"),
    path("a/<int:account_id>/domains/<int:domain_id>/review/", review.domain_review, name="review"),
    path("a/<int:account_id>/domains/<int:domain_id>/review/appeal/", review.domain_appeal, name="appeal"),
    path("domains/<str:name>/", review.domain_named, name="named"),
    path("a/<int:account_id>/domains/<int:domain_id>/records.zone", downloads.domain_zone_file, name="zone_file"),
    path("a/<int:account_id>/domains/<int:domain_id>/records.json", downloads.domain_route53, name="route53"),
    path("a/<int:account_id>/domains/<int:domain_id>/share/", sharing.domain_share, name="share"),
    path("setup/<str:token>/", sharing.shared_setup, name="shared"),
    path("setup/<str:token>/records.zone", sharing.shared_zone_file, name="shared_zone_file"),
    path("setup/<str:token>/records.json", sharing.shared_route53, name="shared_route53"),
    path("setup/<str:token>/verification/", sharing.shared_verification, name="shared_verification"),
    path("a/<int:account_id>/domains/<int:domain_id>/health/", health.domain_health, name="health"),
    path(
        "a/<int:account_id>/domains/<int:domain_id>/health/sources.csv",
        health.domain_health_sources,
        name="health_sources",
    ),
    path(
        "a/<int:account_id>/domains/<int:domain_id>/health/inbound-tls/", health.domain_inbound_tls, name="inbound_tls"
    ),
    path("a/<int:account_id>/domains/<int:domain_id>/keys/", keys.domain_keys, name="keys"),
    path(
        "a/<int:account_id>/domains/<int:domain_id>/keys/replacement/",
        keys.domain_key_replacement,
        name="keys_replacement",
    ),
    path("a/<int:account_id>/domains/<int:domain_id>/keys/leak/", keys.domain_key_leak, name="keys_leak"),
    path("a/<int:account_id>/domains/<int:domain_id>/keys/ed25519/", keys.domain_ed25519, name="keys_ed25519"),
    path("a/<int:account_id>/domains/<int:domain_id>/keys/mode/", keys.domain_key_mode, name="keys_mode"),
    path("a/<int:account_id>/domains/<int:domain_id>/keys/check/", keys.domain_key_check, name="keys_check"),
    path("a/<int:account_id>/domains/<int:domain_id>/settings/", settings.domain_settings, name="settings"),
    path("a/<int:account_id>/domains/<int:domain_id>/delete/", listing.domain_delete, name="delete"),
]
