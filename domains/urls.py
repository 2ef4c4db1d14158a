"""Addresses of the sending domains; all lie under one account."""

from django.urls import path

from domains import views

app_name = "domains"

urlpatterns = [
    path("a/<int:account_id>/domains/", views.domain_list, name="list"),
    path("a/<int:account_id>/domains/add/", views.domain_add, name="add"),
    path("a/<int:account_id>/domains/<int:domain_id>/", views.domain_detail, name="detail"),
    path("a/<int:account_id>/domains/<int:domain_id>/verification/", views.domain_verification, name="verification"),
    path("a/<int:account_id>/domains/<int:domain_id>/demo-zone/", views.domain_demo_zone, name="demo_zone"),
    path("a/<int:account_id>/domains/<int:domain_id>/delete/", views.domain_delete, name="delete"),
]
