"""Prints template.yaml as CloudFormation sees it: SAM's resources put into CloudFormation's, as JSON.

usage: translate.py TEMPLATE [PARAMETER=VALUE …]
"""

import json
import sys

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        # The code is uploaded by `sam deploy`; where it will lie makes no difference to the rest.
        resource["Properties"]["CodeUri"] = "s3://bucket/key"
parameters = {name: value.get("Default", "") for name, value in template["Parameters"].items()}
parameters.update(argument.split("=", 1) for argument in sys.argv[2:])
translated = Translator(None, Parser()).translate(template, parameters)
json.dump(translated, sys.stdout, indent=1, ensure_ascii=False)
