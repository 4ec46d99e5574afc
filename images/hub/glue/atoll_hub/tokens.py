"""The tokens of a server: those with which it speaks to the hub, and those that open it."""

from jupyterhub import orm
from jupyterhub.user import User


def revoke(user: User, name: str, oauth_client_id: str) -> int:
    """Ends all tokens of a person's server, those of browsers that entered it included; returns how many.

    JupyterHub forgets a server's token when it is started anew, so they are found by what they are for.
    """
    db, note, named = user.db, f"Server at {user.server_url(name)}", f"!server={user.name}/{name}"
    revoked = 0
    for token in db.query(orm.APIToken).filter_by(user_id=user.orm_user.id):
        if token.note == note or any(scope.endswith(named) for scope in token.scopes):
            db.delete(token)
            revoked += 1
    for browser in db.query(orm.OAuthClient).filter_by(identifier=oauth_client_id):
        revoked += len(browser.access_tokens)
        db.delete(browser)
    db.commit()
    return revoked
