{{/*
atoll.dataAccess.config: the configuration of AWS' SDKs in people's servers and runs. It is AWS_CONFIG_FILE there.
Takes (dict "endpoint" "http://..." "region" "us-east-1" "keys" true "leases" (list "tables")); an empty endpoint is Amazon S3's, keys are
those of the object store, which the operator gives, and leases are the services of AWS that hand data out.
*/}}
{{- define "atoll.dataAccess.config" -}}
[default]
region = {{ .region }}
{{- if .keys }}
credential_process = python3 /run/atoll-data/credentials.py
{{- end }}
{{- with .endpoint }}
endpoint_url = {{ . }}
s3 =
    addressing_style = path
{{- end }}
{{- range .leases }}

[profile {{ . }}]
region = {{ $.region }}
credential_process = python3 /run/atoll-data/credentials.py {{ . }}
{{- end }}
{{- end }}

{{/*
atoll.dataAccess.credentials: what the SDKs call for credentials, with the Python of the profile's image and nothing else.
Takes (dict "namespace" "atoll-directory" "region" "us-east-1"); the namespace is that of the operator.
*/}}
{{- define "atoll.dataAccess.credentials" -}}
"""Prints credentials for the data that is granted to the person whose server or run this is; AWS' SDKs call it when they need some.

Without an argument they are a key of the object store. With the name of a service that hands data out, they are a session of the lease
that has all that is granted now: a role that the person's own role takes on.
"""

import datetime
import hashlib
import hmac
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

BROKER = "http://credentials.{{ .namespace }}.svc:8090/v1"
REGION = "{{ .region }}"
SHORTEST, LONGEST = 900, 3600  # seconds that STS takes for a session of a session
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Refused(Exception):
    """Why there are no credentials, in a sentence for the person."""


def fetch(who: str, call: urllib.request.OpenerDirector, request: urllib.request.Request) -> str:
    """The answer to a request, of somebody named for a complaint."""
    try:
        with call.open(request, timeout=30) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as err:
        raise Refused(said(err.read().decode())) from err
    except OSError as err:
        raise Refused(f"{who} does not answer at {request.full_url}: {err}. Try again, or tell the platform team.") from err


def said(text: str) -> str:
    """What an answer says that is an error: of STS, the message of its XML."""
    try:
        return ElementTree.fromstring(text).findtext(".//{*}Message") or text.strip()
    except ElementTree.ParseError:
        return text.strip()


def broker(path: str) -> str:
    token = Path(__file__).with_name("token").read_text()
    return fetch("The platform", DIRECT, urllib.request.Request(BROKER + path, headers={"Authorization": f"Bearer {token}"}))


def own() -> dict:
    """Credentials of the person's own role, from the agent of the node."""
    where, token = (os.environ.get(f"AWS_CONTAINER_{name}") for name in ("CREDENTIALS_FULL_URI", "AUTHORIZATION_TOKEN_FILE"))
    if not where or not token:
        raise Refused("This pod does not have your role on AWS: restart the server, or tell the platform team.")
    request = urllib.request.Request(where, headers={"Authorization": Path(token).read_text().strip()})
    return json.loads(fetch("The agent of the node", DIRECT, request))


def signed(keys: dict, url: str, body: bytes) -> urllib.request.Request:
    """A request to STS, signed by version 4 of AWS' signatures."""
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=utf-8",
        "host": urllib.parse.urlsplit(url).netloc,
        "x-amz-date": date,
        "x-amz-security-token": keys["Token"],
    }
    names = ";".join(headers)
    canonical = "\n".join(["POST", "/", "", *(f"{k}:{v}" for k, v in headers.items()), "", names, hashlib.sha256(body).hexdigest()])
    scope = f"{date[:8]}/{REGION}/sts/aws4_request"
    key = b"AWS4" + keys["SecretAccessKey"].encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={keys['AccessKeyId']}/{scope}, SignedHeaders={names}, Signature={signature}"
    return urllib.request.Request(url, data=body, headers=headers)


def instant(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def leased(kind: str) -> str:
    """A session of the open lease. Its end is told as no later than the lease's, whose gate closes then in any case."""
    lease = json.loads(broker(f"/leases/{kind}"))
    left = (instant(lease["Until"]) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()
    body = urllib.parse.urlencode({
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": lease["RoleArn"],
        "RoleSessionName": os.environ.get("HOSTNAME", "pod")[-64:],
        "DurationSeconds": min(max(int(left), SHORTEST), LONGEST),
    }).encode()
    suffix = "amazonaws.com.cn" if REGION.startswith("cn-") else "amazonaws.com"
    url = os.environ.get("AWS_ENDPOINT_URL_STS", f"https://sts.{REGION}.{suffix}").rstrip("/") + "/"
    answer = ElementTree.fromstring(fetch("STS", urllib.request.build_opener(), signed(own(), url, body)))
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
    given = {name: answer.findtext(".//{*}Credentials/{*}" + name) for name in names}
    given["Expiration"] = min(given["Expiration"], lease["Until"], key=instant)
    return json.dumps({"Version": 1, **given})


def main() -> int:
    try:
        sys.stdout.write(leased(sys.argv[1]) if len(sys.argv) > 1 else broker("/credentials"))
    except Refused as err:
        print(err, file=sys.stderr)
        return 1
    return 0


sys.exit(main())
{{- end }}
