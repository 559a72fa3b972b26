"""Two pages, and the calls that they make."""

from django.contrib import admin
from django.urls import path

from game import pages, views

urlpatterns = [
    path("", pages.index),
    path("hall", pages.hall),
    path("api/login", views.login),
    path("api/round", views.start_round),
    path("api/score", views.score),
    path("api/wish", views.wish),
    path("api/hall", views.hall),
    path("api/hall/buy", views.buy),
    path("admin/", admin.site.urls),
]
