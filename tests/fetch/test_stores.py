"""s3, arn and gs against servers on loopback that answer as the object stores and their metadata services do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stoker.fetch import BadSource, FetchFault, NotFound, Refused, Source
from stoker.fetch.objects import Object, address, object_of
from stoker.fetch.signatures import Credentials, signed
from stoker.fetch.urls import split_url

OK = (200, {}, b"text")
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
MAY_2013 = 1369353600.0


def denied(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://bucket/key", Object("bucket", "key", "", "", "", "")),
        ("s3://Bucket.name//a%20b/c?versionId=a%2Bb", Object("Bucket.name", "a b/c", "a+b", "", "", "")),
        ("arn:aws:s3:::bucket/a/b%20c", Object("bucket", "a/b%20c", "", "", "", "us-east-1")),
        ("arn:aws-cn:s3:::bucket/key?versionId=1", Object("bucket", "key", "1", "", "", "cn-north-1")),
        ("arn:aws-us-gov:s3:::bucket/key", Object("bucket", "key", "", "", "", "us-gov-west-1")),
        ("arn:other:s3:::bucket/key", Object("bucket", "key", "", "", "", "")),
        (
            "arn:aws:s3:eu-west-1:123456789012:accesspoint/point/object/a/b",
            Object("point", "a/b", "", "123456789012", "eu-west-1", ""),
        ),
    ],
)
def test_objects(url: str, expected: Object) -> None:
    assert object_of(url) == expected


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("s3://bucket", "bad-url"),
        ("s3://bucket/", "bad-url"),
        ("s3:///key", "bad-url"),
        ("s3://evil.test#/key", "bad-url"),
        ("s3://u:p@bucket/key", "bad-url"),
        ("arn:aws:s3:::bucket", "bad-arn"),
        ("arn:aws:iam::1:role/x", "bad-arn"),
        ("arn:aws:s3", "bad-arn"),
        ("arn:aws:s3:eu-west-1:1:accesspoint/point", "bad-arn"),
        ("arn:aws:s3:eu-west-1:1:accesspoint/point/key", "bad-arn"),
        ("arn:aws:s3:evil.test/:1:accesspoint/point/object/key", "bad-arn"),
        ("arn:aws:s3:eu-west-1:evil:accesspoint/point/object/key", "bad-arn"),
    ],
)
def test_objects_that_are_none(url: str, code: str) -> None:
    with pytest.raises(BadSource) as caught:
        object_of(url)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("url", "region", "expected"),
    [
        ("s3://bucket/a b/ü", "eu-west-1", "https://bucket.s3.dualstack.eu-west-1.amazonaws.com/a%20b/%C3%BC"),
        ("s3://b.c.d/k", "eu-west-1", "https://s3.dualstack.eu-west-1.amazonaws.com/b.c.d/k"),
        ("s3://bucket/k", "cn-north-1", "https://bucket.s3.dualstack.cn-north-1.amazonaws.com.cn/k"),
        (
            "arn:aws:s3:eu-west-1:12:accesspoint/point/object/k?versionId=v=1",
            "eu-west-1",
            "https://point-12.s3-accesspoint.dualstack.eu-west-1.amazonaws.com/k?versionId=v%3D1",
        ),
    ],
)
def test_addresses(url: str, region: str, expected: str) -> None:
    assert address(object_of(url), region, "") == expected


def test_the_signature_is_that_of_the_documentation() -> None:
    """Its example "GET Object", in the Amazon S3 API reference under "Signature Calculations"."""
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    headers = dict(
        signed(
            split_url("https://examplebucket.s3.amazonaws.com/test.txt"),
            Credentials("AKIAIOSFODNN7EXAMPLE", secret),
            "us-east-1",
            MAY_2013,
            (("Range", "bytes=0-9"),),
        )
    )
    assert headers["x-amz-date"] == "20130524T000000Z"
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


def test_credentials_show_nothing_of_themselves() -> None:
    assert repr(Credentials("key", "secret", "token", "from a test")) == "Credentials(from a test)"


def test_an_object_is_asked_for_anonymously(serve: Any, bench: Any) -> None:
    site = serve({"/bucket/a%20b?versionId=1": OK})
    fetcher = bench.fetcher(environment={"AWS_ENDPOINT_URL_S3": site.url})
    assert fetcher.read(Source("s3://bucket/a%20b?versionId=1")) == b"text"
    assert "authorization" not in site.asked[0][2]
    assert bench.said[0] == "GET s3://bucket/a%20b?versionId=1: attempt #1"


def test_an_object_is_asked_for_with_the_keys_of_the_environment(serve: Any, bench: Any) -> None:
    site = serve({"/bucket/k": [(503, {}, b""), OK]})
    environment = {**KEYS, "AWS_SESSION_TOKEN": "session", "AWS_ENDPOINT_URL": site.url, "AWS_REGION": "eu-west-1"}
    assert bench.fetcher(environment=environment).read(Source("arn:other:s3:::bucket/k")) == b"text"
    headers = site.asked[1][2]
    assert headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20231114/eu-west-1/s3/")
    assert (headers["x-amz-security-token"], headers["x-amz-date"]) == ("session", "20231114T221320Z")


@pytest.mark.parametrize("status", [301, 307, 400, 403])
def test_the_region_is_learnt_from_the_answer(serve: Any, bench: Any, status: int) -> None:
    elsewhere = (status, {"x-amz-bucket-region": "eu-north-1", "Location": "http://other/"}, denied("Elsewhere"))
    site = serve({"/bucket/k": [elsewhere, OK]})
    assert bench.fetcher(environment={**KEYS, "AWS_ENDPOINT_URL_S3": site.url}).read(Source("s3://bucket/k")) == b"text"
    regions = [headers["authorization"].split("/")[2] for _, _, headers in site.asked]
    assert regions == ["us-east-1", "eu-north-1"]


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        ((404, {}, denied("NoSuchKey")), NotFound, "resource not found: `s3://b-1/k`: 404 Not Found: NoSuchKey"),
        (
            (403, {"x-amz-bucket-region": "evil.test/"}, denied("AccessDenied")),
            Refused,
            "failed to fetch resource: `s3://b-1/k`: 403 Forbidden: AccessDenied (asked with the keys of the env",
        ),
        (
            (403, {}, b"\0" * 9000),
            Refused,
            "failed to fetch resource: `s3://b-1/k`: 403 Forbidden (asked with the keys",
        ),
    ],
)
def test_objects_that_cannot_be_had(serve: Any, bench: Any, answer: Any, kind: type[FetchFault], text: str) -> None:
    site = serve({"*": answer})
    with pytest.raises(kind) as caught:
        bench.fetcher(environment={**KEYS, "AWS_ENDPOINT_URL_S3": site.url}).read(Source("s3://b-1/k"))
    assert str(caught.value).startswith(text)
    assert len(site.asked) == 1


ROLE = {"AccessKeyId": "ROLEKEY", "SecretAccessKey": "secret", "Token": "session", "Expiration": "2030-01-01T00:00:00Z"}
METADATA = {
    "/latest/api/token": (200, {}, b"imds"),
    "/latest/meta-data/placement/region": (200, {}, b"ap-south-1"),
    "/latest/meta-data/iam/security-credentials/": (200, {}, b"role\n"),
    "/latest/meta-data/iam/security-credentials/role": (200, {}, json.dumps(ROLE).encode()),
}


def test_the_role_of_the_instance_is_used_when_asked_to(serve: Any, bench: Any) -> None:
    metadata, site = serve(METADATA), serve({"/bucket/k": OK})
    environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url, "AWS_ENDPOINT_URL_S3": site.url}
    fetcher = bench.fetcher(environment=environment, instance_role=True)
    assert [fetcher.read(Source("s3://bucket/k")) for _ in range(2)] == [b"text"] * 2
    assert "Credential=ROLEKEY/20231114/ap-south-1/" in site.asked[0][2]["authorization"]
    assert site.asked[0][2]["x-amz-security-token"] == "session"
    roles = [row for row in metadata.asked if row[1].endswith("/role")]
    assert [row[2]["x-aws-ec2-metadata-token"] for row in roles] == ["imds"]
    shown = "".join(bench.said)
    assert not any(secret in shown for secret in ("secret\n", "imds", "session"))


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"/latest/api/token": (403, {}, b"")},
        {**METADATA, "/latest/meta-data/iam/security-credentials/": (404, {}, b"")},
        {**METADATA, "/latest/meta-data/iam/security-credentials/role": (200, {}, b"{}")},
        {"*": None},
    ],
)
def test_without_a_role_objects_are_asked_for_anonymously(serve: Any, bench: Any, answers: Any) -> None:
    metadata, site = serve(answers), serve({"/bucket/k": OK})
    environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url, "AWS_ENDPOINT_URL_S3": site.url}
    assert bench.fetcher(environment=environment, instance_role=True).read(Source("s3://bucket/k")) == b"text"
    assert "authorization" not in site.asked[0][2]


def test_the_metadata_service_is_not_asked_otherwise(serve: Any, bench: Any) -> None:
    metadata, site = serve(METADATA), serve({"/bucket/k": OK})
    environment = {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url, "AWS_ENDPOINT_URL_S3": site.url}
    assert bench.fetcher(environment=environment).read(Source("s3://bucket/k")) == b"text"
    assert metadata.asked == []


OBJECT = "/storage/v1/b/bucket/o/a%20b%2Fc?alt=media"
SERVICE_ACCOUNT = (200, {}, b'{"access_token": "t0ken", "expires_in": 3599, "token_type": "Bearer"}')


@pytest.mark.parametrize(
    ("token", "expected"),
    [(SERVICE_ACCOUNT, "Bearer t0ken"), ((404, {}, b""), None), ((200, {}, b"<html>"), None), (None, None)],
)
def test_objects_of_google(serve: Any, bench: Any, token: Any, expected: str | None) -> None:
    metadata, site = serve({"*": token}), serve({OBJECT: OK})
    environment = {"GCE_METADATA_HOST": f"127.0.0.1:{metadata.port}", "STORAGE_EMULATOR_HOST": site.url}
    fetcher = bench.fetcher(environment=environment)
    assert [fetcher.read(Source("gs://bucket/a%20b/c")) for _ in range(2)] == [b"text"] * 2
    assert site.asked[0][2].get("authorization") == expected
    assert metadata.asked[0][2]["metadata-flavor"] == "Google"
    assert len(metadata.asked) == 1
    bench.clock.sleep(300)
    fetcher.read(Source("gs://bucket/a%20b/c"))
    assert len(metadata.asked) == 2
    assert "t0ken" not in "".join(bench.said)


def test_objects_of_google_that_cannot_be_had(serve: Any, bench: Any) -> None:
    metadata, site = serve({}), serve({"*": (401, {}, b"{}")})
    environment = {"GCE_METADATA_HOST": f"127.0.0.1:{metadata.port}", "STORAGE_EMULATOR_HOST": site.url}
    with pytest.raises(Refused, match=r"`gs://bucket/o`: 401 Unauthorized \(asked anonymously\)"):
        bench.fetcher(environment=environment).read(Source("gs://bucket/o"))
    with pytest.raises(BadSource):
        bench.fetcher(environment=environment).read(Source("gs://bucket"))
