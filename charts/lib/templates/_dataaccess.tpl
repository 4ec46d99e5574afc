{{/*
atoll.dataAccess.config: the configuration of AWS' SDKs in people's servers and runs. It is AWS_CONFIG_FILE there.
Takes (dict "endpoint" "http://..." "region" "us-east-1"); an empty endpoint is Amazon S3's.
*/}}
{{- define "atoll.dataAccess.config" -}}
[default]
region = {{ .region }}
credential_process = python3 /run/atoll-data/credentials.py
{{- with .endpoint }}
endpoint_url = {{ . }}
s3 =
    addressing_style = path
{{- end }}
{{- end }}

{{/*
atoll.dataAccess.credentials: what the SDKs call for credentials, with the Python of the profile's image and nothing else.
Takes (dict "namespace" "atoll-directory"), that of the operator.
*/}}
{{- define "atoll.dataAccess.credentials" -}}
"""Prints credentials of the object store for the person whose server or run this is; AWS' SDKs call it when they need some."""

import sys
import urllib.error
import urllib.request
from pathlib import Path

BROKER = "http://credentials.{{ .namespace }}.svc:8090/v1/credentials"


def main() -> int:
    token = Path(__file__).with_name("token").read_text()
    request = urllib.request.Request(BROKER, headers={"Authorization": f"Bearer {token}"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=30) as answer:
            sys.stdout.write(answer.read().decode())
    except urllib.error.HTTPError as err:
        print(err.read().decode().strip(), file=sys.stderr)
        return 1
    except OSError as err:
        print(f"The platform does not answer at {BROKER}: {err}. Try again, or tell the platform team.", file=sys.stderr)
        return 1
    return 0


sys.exit(main())
{{- end }}
