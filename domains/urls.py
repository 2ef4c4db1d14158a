"""Addresses of the sending domains: all lie under one account but the set-up page of a letter's link."""

from django.urls import path

from domains.views import health, listing, setup, sharing

app_name = "domains"

urlpatterns = [
    path("a/<int:account_id>/domains/", listing.domain_list, name="list"),
    path("a/<int:account_id>/domains/add/", listing.domain_add, name="add"),
    path("a/<int:account_id>/domains/<int:domain_id>/", setup.domain_detail, name="detail"),
    path("a/<int:account_id>/domains/<int:domain_id>/verification/", setup.domain_verification, name="verification"),
    path("a/<int:account_id>/domains/<int:domain_id>/demo-zone/", setup.domain_demo_zone, name="demo_zone"),
    path("a/<int:account_id>/domains/<int:domain_id>/share/", sharing.domain_share, name="share"),
    path("setup/<str:token>/", sharing.shared_setup, name="shared"),
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
    path("a/<int:account_id>/domains/<int:domain_id>/delete/", listing.domain_delete, name="delete"),
]
