"""Puts records back from a table that was restored beside the living one. It first writes nothing.

usage: repair.py LIVE RESTORED [--apply] [HOLDER …]

Without names it puts back what isn't in the living table any more. With holders' ids it puts their records back to what the
restored table has. See docs/OPERATIONS.md, "Restoring records". Needs botocore: the environment of sam.txt has it.
"""

import concurrent.futures, sys, time
import botocore.config, botocore.exceptions, botocore.session

live, restored, *rest = sys.argv[1:]
apply, holders = "--apply" in rest, set(rest) - {"--apply"}
config = botocore.config.Config(max_pool_connections=32, retries={"mode": "standard", "max_attempts": 10})
db = botocore.session.get_session().create_client("dynamodb", config=config)
RECORDS = {"APPLICATION": "id", "REGISTRATION": "number", "PROFILE": "holder", "CREDIT": "id", "COURSE": "id", "ROSTER": "id"}
ours, left = set(), set()  # ids of the records looked at; of those that differ and are left as they are

def get(table, pk, sk):
    return db.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True).get("Item")

def last_entry(id):  # the version of a record's newest journal entry
    found = db.query(TableName=live, KeyConditionExpression="pk = :pk", ConsistentRead=True, Limit=1,
                     ScanIndexForward=False, ExpressionAttributeValues={":pk": {"S": "JOURNAL#" + id}})
    return max([int(entry["sk"]["S"][:10]) for entry in found["Items"]], default=0)

def put(item, seen):
    same = {"ConditionExpression": "attribute_not_exists(pk)"} if seen is None else {
        "ConditionExpression": "version = :seen", "ExpressionAttributeValues": {":seen": seen["version"]}}
    if apply:
        db.put_item(TableName=live, Item=item, **same)
    print("put back", item["pk"]["S"], item["sk"]["S"], item.get("version", {}).get("N", ""))

def record(item, kind):
    pk, sk, id = item["pk"]["S"], item["sk"]["S"], item[RECORDS[kind]]["S"]
    ours.add(id)
    seen = get(live, pk, sk)
    if seen == item:
        return
    # The results of a class list's rows are items of their own, ahead of how far it had come at T.
    if seen and (not holders or kind == "ROSTER"):
        # Hours, courses and class lists take nothing that only one can have.
        left.update({id} if kind in ("CREDIT", "COURSE", "ROSTER") else {id, pk.split("#")[1]})
        return print("differs ", pk, sk)
    newest = max(int(seen["version"]["N"]) if seen else 0, last_entry(id))
    if seen or newest > int(item["version"]["N"]):
        item["version"] = {"N": str(newest + 1)}
    put(item, seen)
    # What verifiers see of a registration follows it; it has no version of its own.
    if kind == "REGISTRATION" and (entry := get(restored, "REGISTER#" + id, "ENTRY")):
        if apply:
            db.put_item(TableName=live, Item=entry)
        print("put back", entry["pk"]["S"], entry["sk"]["S"])
    for what in ("90", "60", "30", "14", "7", "1", "lapsed") if kind == "REGISTRATION" else ():
        letter = f"OUTBOX#{id}-{item['valid_until']['S']}-{what}"
        if get(live, letter, "OUTBOX") and not get(restored, letter, "OUTBOX"):
            if apply:
                db.delete_item(TableName=live, Key={"pk": {"S": letter}, "sk": {"S": "OUTBOX"}})
            print("forgotten", letter)

def settled(item, kind):  # whether it's gone because what it says is over: a withdrawn course's place, hours that waited
    if kind == "CATALOGUE":
        course = get(live, "COURSE#" + item["course"]["M"]["id"]["S"], "COURSE")
        return course and "S" in course.get("withdrawn_at", {})
    if kind == "WAITING":
        roster, row = item["source"]["M"]["roster"]["S"], item["source"]["M"]["row"]["N"]
        rows = get(live, "ROSTER#" + roster, f"{(int(row) - 1) // 100:04}")
        of_row = [result["M"] for result in rows["rows"]["L"] if result["M"]["row"]["N"] == row] if rows else []
        return any(result["outcome"]["S"] != "waiting" for result in of_row)

def other(item, kind):  # a journal entry, a uniqueness key, a message, results of rows, an account, …
    pk, sk, owner = item["pk"]["S"], item["sk"]["S"], item.get("owner", {}).get("S", "")
    id = owner or (sk if kind == "CATALOGUE" else pk).split("#")[-1]
    if owner in left or holders and id not in ours | holders:
        return
    seen = get(live, pk, sk)
    if seen is None and settled(item, kind):
        print("is over ", pk, sk)
    elif seen is None:
        put(item, None)
    elif seen != item:
        print("differs ", pk, sk)

def look(item):
    kind, id = item.get("entity", {}).get("S"), item["pk"]["S"].split("#")[-1]
    if kind in (None, "SESSION", "JOB") or 0 < int(item.get("expires_at", {}).get("N", 0)) < time.time():
        return
    try:
        if kind in RECORDS and records and (not holders or id in holders):
            record(item, kind)
        elif kind not in RECORDS and not records:
            other(item, kind)
    except botocore.exceptions.ClientError as error:
        print("FAILED  ", item["pk"]["S"], item["sk"]["S"], error.response["Error"]["Code"])

with concurrent.futures.ThreadPoolExecutor(32) as pool:
    for records in (True, False):  # first the records, then what belongs to them
        for page in db.get_paginator("scan").paginate(TableName=restored, ConsistentRead=True):
            list(pool.map(look, page["Items"]))
print("done" if apply else "nothing was written; --apply writes it")
