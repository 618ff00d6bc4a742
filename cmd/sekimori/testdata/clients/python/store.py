"""Uploads a file with the SDKs of object stores, each with its default settings.

Arguments: s3|s3-sum|azure|gcs|gcs-resumable FILE
"""
import os
import sys

name = sys.argv[2]


def s3(**more):
    import boto3
    from botocore.config import Config
    c = boto3.client("s3", region_name="ap-northeast-1", config=Config(retries={"max_attempts": 1}))
    with open(name, "rb") as f:
        c.put_object(Bucket="bucket", Key="list", Body=f, **more)


def azure():
    from azure.storage.blob import BlobServiceClient
    s = BlobServiceClient("https://account.blob.core.windows.net", credential="a2V5a2V5a2V5", retry_total=0)
    with open(name, "rb") as f:
        s.get_blob_client("box", "list").upload_blob(f, overwrite=True)


def gcs(resumable=False):
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import storage
    b = storage.Client("project", credentials=AnonymousCredentials()).bucket("bucket").blob("list")
    if resumable:
        b.chunk_size = 8 << 20
    with open(name, "rb") as f:  # without a size it goes in pieces
        b.upload_from_file(f, size=None if resumable else os.path.getsize(name), timeout=20)


ways = {"s3": s3, "s3-sum": lambda: s3(ChecksumAlgorithm="SHA256"), "azure": azure, "gcs": gcs,
        "gcs-resumable": lambda: gcs(True)}
try:
    ways[sys.argv[1]]()
    print("stored")
except Exception as e:  # as a program that logs it would show it
    print(type(e).__name__, e)
