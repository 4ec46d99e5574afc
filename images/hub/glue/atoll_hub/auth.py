"""Sign-in by OpenID Connect, the only way in, and sign-out at the provider as well."""

from oauthenticator.generic import GenericOAuthenticator
from oauthenticator.oauth2 import OAuthLogoutHandler
from tornado.httputil import url_concat
from traitlets import Unicode


class LogoutHandler(OAuthLogoutHandler):
    """Ends the person's session at the provider too: otherwise the next click would sign them in again."""

    async def default_handle_logout(self):
        user = self.current_user
        state = await user.get_auth_state() if user else None
        self._id_token = (state or {}).get("id_token") or ""
        await super().default_handle_logout()

    async def render_logout_page(self):
        end_session = self.authenticator.end_session_url
        if not end_session:
            await super().render_logout_page()
            return
        query = {
            "client_id": self.authenticator.client_id,
            "post_logout_redirect_uri": self.authenticator.after_logout_url,
        }
        if self._id_token:
            query["id_token_hint"] = self._id_token
        self.redirect(url_concat(end_session, query))


class OidcAuthenticator(GenericOAuthenticator):
    """Signs in everyone the provider knows: what they may do, workspaces decide."""

    logout_handler = LogoutHandler

    end_session_url = Unicode("", config=True, help="The provider's end_session_endpoint, if it has one.")
    after_logout_url = Unicode("", config=True, help="Where the provider sends people after they signed out.")

    def user_info_to_username(self, user_info):
        # The base class would write the person's claims into the log.
        if not user_info.get(self.username_claim):
            raise ValueError(
                f"the identity provider sent no claim {self.username_claim!r}: "
                "set identity.usernameClaim to one it sends, or add a scope"
            )
        return super().user_info_to_username(user_info)
