"""The hub's settings, as an administrator would write them; JupyterHub runs this file. Does not own its life."""

from pathlib import Path

from support import state

known = state.load()
hub = known["hub"]
folder = state.folder() / "jupyterhub"
proxy = Path(__file__).resolve().parents[2] / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"

c = get_config()  # noqa: F821 (JupyterHub's own)

c.JupyterHub.bind_url = hub["url"]
c.JupyterHub.hub_bind_url = hub["inner"]
c.ConfigurableHTTPProxy.api_url = hub["proxy_api"]
c.ConfigurableHTTPProxy.command = ["node", str(proxy)]
c.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
# Nobody's notebook is started.
c.JupyterHub.spawner_class = "simple"

c.JupyterHub.authenticator_class = "generic-oauth"
c.GenericOAuthenticator.login_service = "Gatehouse"
c.GenericOAuthenticator.client_id = "peer-hub"
c.GenericOAuthenticator.client_secret = known["hub_secret"]
c.GenericOAuthenticator.oauth_callback_url = f"{hub['url']}/hub/oauth_callback"
c.GenericOAuthenticator.authorize_url = f"{known['url']}/oauth2/authorize"
c.GenericOAuthenticator.token_url = f"{known['url']}/oauth2/token"
c.GenericOAuthenticator.userdata_url = f"{known['url']}/oauth2/userinfo"
c.GenericOAuthenticator.logout_redirect_url = f"{known['url']}/oauth2/logout"
c.GenericOAuthenticator.scope = ["openid", "profile", "email"]
c.GenericOAuthenticator.username_claim = "preferred_username"
c.GenericOAuthenticator.manage_groups = True
c.GenericOAuthenticator.auth_state_groups_key = "oauth_user.groups"
c.GenericOAuthenticator.allowed_groups = {hub["allowed_group"]}
c.GenericOAuthenticator.admin_groups = {hub["admin_group"]}

# The tests ask the hub itself what it knows of a person.
c.JupyterHub.services = [{"name": "tests", "api_token": hub["api_token"]}]
c.JupyterHub.load_roles = [{"name": "tests", "services": ["tests"], "scopes": ["admin:users"]}]
