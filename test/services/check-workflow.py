"""Checks Argo manifests against Argo's own JSON schema, made strict: an unknown key is an error too.

usage: check-workflow.py SCHEMA.json FILE.yaml ...
"""

import json
import sys

import jsonschema
import yaml


def strict(node):
    """Argo's schema lets unknown keys pass, so that a misspelt one would be ignored in the cluster."""
    if isinstance(node, dict):
        if "properties" in node and "additionalProperties" not in node:
            node["additionalProperties"] = False
        for value in node.values():
            strict(value)
    elif isinstance(node, list):
        for value in node:
            strict(value)


def main(schema_path, files):
    with open(schema_path, encoding="utf8") as file:
        definitions = json.load(file)["definitions"]
    strict(definitions)
    # "int or string" in Kubernetes; the schema's $ref says string alone.
    definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = {"type": ["string", "integer"]}
    bad = 0
    for path in files:
        with open(path, encoding="utf8") as file:
            documents = [one for one in yaml.safe_load_all(file) if one is not None]
        for document in documents:
            kind = document.get("kind")
            name = f"io.argoproj.workflow.v1alpha1.{kind}"
            if name not in definitions:
                print(f"{path}: kind {kind} is not one of Argo Workflows'")
                bad += 1
                continue
            validator = jsonschema.Draft7Validator(
                {"$ref": f"#/definitions/{name}", "definitions": definitions}
            )
            for error in validator.iter_errors(document):
                print(f"{path}: {'/'.join(map(str, error.absolute_path))}: {error.message[:300]}")
                bad += 1
        print(f"{path}: {len(documents)} documents")
    return 1 if bad else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
