"""The pages of the Django app: one for people who are signed in, one for everybody, and djangosaml2's own."""

from django.contrib.auth.decorators import login_required
from django.http import JsonResponse
from django.urls import include, path
from djangosaml2.cache import IdentityCache, StateCache
from djangosaml2.conf import get_config
from djangosaml2.views import _get_subject_id
from saml2.client import Saml2Client


def me(request):
    """Who is signed in, as djangosaml2 and Django know them."""
    subject = _get_subject_id(request.saml_session)
    client = Saml2Client(get_config(None, request), state_cache=StateCache(request.saml_session),
                         identity_cache=IdentityCache(request.saml_session))
    attributes, _ = client.users.get_identity(subject, check_not_on_or_after=True)
    return JsonResponse({"user": request.user.username, "email": request.user.email, "name_id": subject.text,
                         "format": subject.format, "attributes": attributes})


def index(request):
    return JsonResponse({"signed_in": request.user.is_authenticated})


urlpatterns = [path("", index), path("me", login_required(me)), path("saml2/", include("djangosaml2.urls"))]
