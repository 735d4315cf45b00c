# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people do, and what relays have to come to. Each history has relays of its own, and returns figures in words."""
import os
import sys
import time

from relay import expect

ALL = {}
TWO = set()


def one(history):
    ALL[history.__name__.replace("_", "-")] = history
    return history


def two(history):
    TWO.add(history)
    return one(history)


class People:
    """Signed events of one campaign. Its dates lie somewhat back, so that later ones are not in the future."""

    def __init__(self, stage, number=1):
        self.signer = stage.signer
        self.project = f"CF-20260101-{number:04X}"
        self.began = int(time.time()) - 600

    def _tags(self, *more):
        return [["project-id", self.project], ["p", self.signer.pubkey(f"bien of {self.project}")], *more]

    def campaign(self, at=0, status="crowdfunding", title="A shared garden", target=10000):
        bien = self.signer.pubkey(f"bien of {self.project}")
        tags = [
            ["d", self.project], ["title", title], ["t", "crowdfunding"], ["t", "UPlanet"], ["project-id", self.project], ["g", "48.85,2.35"],
            ["p", bien, "", "bien"], ["goal", "ZEN_CONVERTIBLE", str(target), "0"], ["status", status]]
        return self.signer.event("captain", 30904, tags, f"# {title}", self.began + at)

    def contribution(self, author, amount=10, at=10):
        return self.signer.event(author, 7, self._tags(["t", "crowdfunding"]), f"+{amount}", self.began + at)

    def vote(self, author, weight=10, at=10):
        return self.signer.event(author, 7, self._tags(["t", "vote-assets"]), f"+{weight}", self.began + at)

    def deletion(self, author, event, at=None):
        at = int(time.time()) if at is None else self.began + at
        return self.signer.event(author, 5, [["e", event["id"]], ["k", str(event["kind"])]], "", at)

    def show(self, relay):
        return relay.ask("campaign", "show", self.project)

    def collected(self, relay):
        return sum(goal["collected"] for goal in self.show(relay)["goals"])


def agree(a, b, rounds=2):
    """Pulls from every other, twice, and holds digests and decisions against each other. Returns figures."""
    for _ in range(rounds):
        for puller, source in ((b, a), (a, b)):
            source.settle()
            puller.pull(source)
            puller.settle()
    return same(a, b)


def same(a, b):
    ours, theirs = a.digest(), b.digest()
    expect(ours["settings"] == theirs["settings"], "the settings differ")
    for name in ours:
        if isinstance(ours[name], str):
            expect(ours[name] == theirs[name], f"the digests of {name} differ: {ours[name][:8]} and {theirs[name][:8]}")
    decided = []
    for row in a.rows("campaign", "list"):
        shown = [relay.ask("campaign", "show", row["projectId"]) for relay in (a, b)]
        outcomes = [(row["status"], row["vote"]["status"]) for row in shown]
        disputed = [row["disputed"] for row in shown]
        if outcomes[0] != outcomes[1]:
            expect(all(disputed), f"{a.name} has {outcomes[0]}, {b.name} {outcomes[1]}, and not both say that it is disputed: {disputed}")
        decided.append("disputed on both" if all(disputed) else "/".join(outcomes[0]))
    # Where people decided two things both have said so by now; nothing else may be decided otherwise.
    for name, hash in ours["outcomes"].items():
        if name not in ("all", "crowdfunding") or "disputed on both" not in decided:
            expect(hash == theirs["outcomes"][name], f"{name} is decided otherwise")
    return f"digest {ours['all'][:8]}" + (f", {', '.join(decided)}" if decided else "")


def fold(a, b, plain):
    """What a relay without a policy took reaches both as from sync."""
    for relay in (a, b):
        relay.pull(plain)
        relay.settle()


@one
def receipt(stage):
    """A campaign, a contribution and a vote; the receipt and the label come back from the relay."""
    relay = stage.relay("A")
    people, voted = People(stage), People(stage, 2)
    contribution, vote = people.contribution("alice", 20), voted.vote("bob")
    began = time.monotonic()
    relay.accepts(people.campaign(), voted.campaign(status="vote_pending"), contribution, vote)
    paid = relay.client.await_event({"kinds": [9742], "#e": [contribution["id"]]})
    expect(paid, "no receipt came within 10 s")
    took = time.monotonic() - began
    expect(paid["pubkey"] == stage.signer.pubkey("A"), "the receipt is not the node's")
    label = relay.client.await_event({"kinds": [1985], "#e": [vote["id"]]})
    expect(label, "no label came within 10 s")
    expect(people.collected(relay) == 20, "the contribution is not counted")
    relay.refuses(people.contribution("carol", 1001), "invalid: invalid amount")
    return f"receipt after {took * 1000:.0f} ms"


@one
def kill_between_answer_and_commit(stage):
    """The relay is killed after the plugin's answer and before its own commit; what it lost is delivered again."""
    relay = stage.relay("A")
    people = People(stage)
    relay.accepts(people.campaign())
    relay.settle()
    lost = killed(stage, relay, [people.contribution(f"giver {number}") for number in range(3)])
    relay.accepts(people.contribution("later"))
    deadline = time.monotonic() + 20
    while not all(relay.has(event) for event in lost):
        expect(time.monotonic() < deadline, "what the relay lost was not delivered again")
        relay.settle()
        time.sleep(1)
    status = relay.ask("status")
    expect(status["stored"]["redelivered"] >= len(lost), f"stored: {status['stored']}")
    expect(people.collected(relay) == 40, "not all contributions are counted once")
    return f"{status['stored']['redelivered']} redelivered, {status['stored']['confirmed']} confirmed"


def killed(stage, relay, events):
    """Publishes events to a relay that is killed as soon as the plugin has answered the last one. Returns what it lost."""
    relay.stop()
    between = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kill_after.py")
    relay.configure(f"exec {sys.executable} {between} {len(events)} {relay.program} run --config {relay.settings}")
    relay.start()
    for event in events:
        relay.client.send(["EVENT", event])
    relay.gone()
    relay.configure()
    relay.start()
    lost = [event for event in events if not relay.has(event)]
    expect(lost, "the relay had committed before it was killed")
    return lost


@two
def contributions_deleted(stage):
    """Four contributions are deleted after payment: both refuse live, and by sync they stay counted."""
    a, b = stage.relay("A", ["B"]), stage.relay("B", ["A"])
    plain = stage.plain("P")
    people = People(stage)
    given = [people.contribution(f"giver {number}") for number in range(4)]
    a.accepts(people.campaign(), *given)
    a.settle()
    b.pull(a)
    # What came before its campaign is judged once that is there.
    b.settle()
    plain.accepts(*given)
    for number, event in enumerate(given):
        deletion = people.deletion(f"giver {number}", event)
        for relay in (a, b):
            relay.refuses(deletion, "blocked: a contribution that was counted cannot be deleted")
        plain.accepts(deletion)
    fold(a, b, plain)
    figures = agree(a, b)
    late = stage.relay("C", ["A", "B"])
    for _ in range(2):
        late.pull(a)
        late.pull(b)
        late.settle()
    expect([people.collected(relay) for relay in (a, b, late)] == [40, 40, 40], f"collected {[people.collected(r) for r in (a, b, late)]}")
    return f"{figures}, 40 Ẑ at three, {len(a.stored({'kinds': [16]}))} archives"


@two
def votes_deleted(stage):
    """Two votes are deleted after the approval."""
    a, b = stage.relay("A", ["B"]), stage.relay("B", ["A"])
    plain = stage.plain("P")
    people = People(stage)
    votes = [people.vote(f"voter {number}") for number in range(10)]
    a.accepts(people.campaign(status="vote_pending"), *votes)
    plain.accepts(*votes)
    for number in range(2):
        deletion = people.deletion(f"voter {number}", votes[number])
        a.refuses(deletion, "blocked: the vote is decided")
        plain.accepts(deletion)
    fold(a, b, plain)
    figures = agree(a, b)
    expect(people.show(a)["vote"]["status"] == "approved", "the approval was undone")
    return figures


@two
def vote_again(stage):
    """A vote is taken back while it is open and cast again; a late relay comes to the same."""
    a = stage.relay("A", ["B"])
    people = People(stage)
    first = people.vote("voter", 3)
    a.accepts(people.campaign(status="vote_pending"), first, people.vote("other", 2))
    a.accepts(people.deletion("voter", first))
    a.accepts(people.vote("voter", 7, at=550))
    b = stage.relay("B", ["A"])
    figures = agree(a, b)
    totals = [people.show(relay)["vote"]["total"] for relay in (a, b)]
    expect(totals == [9, 9], f"the votes add up to {totals}")
    return figures


@two
def captain_edits(stage):
    """The captain edits at A while ten vote at B: nobody is overheard, or both say that it is disputed."""
    a, b = stage.relay("A", ["B"]), stage.relay("B", ["A"])
    people = People(stage)
    a.accepts(people.campaign(status="vote_pending"))
    b.pull(a)
    a.accepts(people.campaign(at=20, status="vote_pending", title="A larger garden"))
    b.accepts(*[people.vote(f"voter {number}", at=10 + number) for number in range(10)])
    figures = agree(a, b)
    return figures


def resolved(people, a, b, outcome):
    """Both say that it is disputed, until their operators resolve it alike. Returns figures."""
    figures = agree(a, b)
    disputed = [people.show(relay)["disputed"] for relay in (a, b)]
    expect(all(disputed), f"disputed: {disputed}")
    for relay in (a, b):
        relay.run("campaign", "resolve", people.project, "--as", outcome, "--by", "captain", "--reason", "agreed by phone")
    after = agree(a, b)
    expect([people.show(relay)["disputed"] for relay in (a, b)] == [False, False], "it is disputed still")
    return f"{figures}; resolved: {after}"


@two
def disputed_vote(stage):
    """Somebody takes a vote back at B before the tenth makes ten at A: both say that it is disputed, until it is resolved."""
    a, b = stage.relay("A", ["B"]), stage.relay("B", ["A"])
    people = People(stage)
    votes = [people.vote(f"voter {number}") for number in range(9)]
    a.accepts(people.campaign(status="vote_pending"), *votes)
    a.settle()
    b.pull(a)
    b.settle()
    b.accepts(people.deletion("voter 0", votes[0], at=100))
    a.accepts(people.vote("voter 9", 20, at=200))
    return resolved(people, a, b, "approved")


@two
def deleted_apart(stage):
    """The captain deletes at A while somebody contributes at B: money that is dated before the deletion keeps the campaign at both."""
    a, b = stage.relay("A", ["B"]), stage.relay("B", ["A"])
    people = People(stage)
    campaign = people.campaign()
    a.accepts(campaign)
    b.pull(a)
    b.settle()
    a.accepts(people.deletion("captain", campaign))
    b.accepts(people.contribution("bob"))
    figures = agree(a, b)
    expect([people.collected(relay) for relay in (a, b)] == [10, 10], "the contribution is not counted at both")
    expect(people.show(a)["status"] == "crowdfunding", f"the campaign is {people.show(a)['status']}")
    return figures


def collective(stage, name="acme"):
    """Signs an ignition and its updates, one after the other, each dated after the one before."""
    signer, began = stage.signer, int(time.time()) - 300
    links, number = [], 0
    while True:
        tags = [["d", name], ["lud16", "pay@acme", signer.pubkey("zapper")], *links, ["mission", f"to build, {number}"]]
        event = signer.event("founder", 31108, tags, "", began + number)
        if not links:
            links = [["ignition", event["id"]], None]
        links[1] = ["previous", event["id"]]
        number += 1
        yield event


def heads(*relays):
    return [relay.ask("collective", "list")["head"] for relay in relays]


def gaps(stage, seconds, count=7):
    a, b = stage.relay("A", ["B"]), stage.relay("B", ["A"])
    events = collective(stage)
    a.accepts(next(events))
    b.pull(a)
    b.start_router(a)
    last = None
    for _ in range(count):
        last = next(events)
        a.accepts(last)
        time.sleep(seconds)
    a.settle()
    time.sleep(2)
    live = b.ask("collective", "list")["updates"] - 1
    b.stop_router()
    figures = agree(a, b)
    expect(heads(a, b) == [last["id"]] * 2, f"the heads are {[head[:8] for head in heads(a, b)]}, not {last['id'][:8]}")
    return f"{figures}, {live} of {count} updates by the router alone"


@two
def collective_gap_0(stage):
    """Seven updates of a collective without a pause, by a router."""
    return gaps(stage, 0)


@two
def collective_gap_20(stage):
    """Seven updates 20 ms apart, by a router."""
    return gaps(stage, 0.02)


@two
def collective_gap_50(stage):
    """Seven updates 50 ms apart, by a router."""
    return gaps(stage, 0.05)


@two
def missed_update(stage):
    """One update of a collective is replaced before the other relay pulls."""
    a, b = stage.relay("A", ["B"]), stage.relay("B", ["A"])
    events = collective(stage)
    a.accepts(next(events))
    b.pull(a)
    a.accepts(next(events), next(events))
    figures = agree(a, b)
    expect(heads(a)[0] == heads(b)[0], "the heads differ")
    return figures


@two
def late_group(stage):
    """A group of 250 modifications at a late relay: at most two pulls."""
    a = stage.relay("A", ["B"])
    began = int(time.time()) - 1000
    group = stage.signer.event("admin", 4830, [], f"{{\"members\":[\"{stage.signer.pubkey('admin')}\"]}}", began)
    chain = [group]
    for number in range(250):
        chain.append(stage.signer.event(
            "admin", 4833, [["group", group["id"]], ["parent", chain[-1]["id"]]], f"{{\"add\":[\"{number + 1:064x}\"]}}", began + 1 + number))
    a.accepts(*chain)
    a.settle()
    b = stage.relay("B", ["A"])
    pulls = 0
    while pulls < 2 and (pulls == 0 or b.digest()["groups"] != a.digest()["groups"]):
        pulls += 1
        b.pull(a)
        b.settle()
    expect(len(b.ask("group", "show", group["id"])["members"]) == 251, "not all modifications are there after two pulls")
    return f"{same(a, b)}, 250 modifications in {pulls} pulls"


@two
def many_contributions(stage):
    """5,000 contributions at a late relay: one pull."""
    a = stage.relay("A", ["B"])
    people = People(stage)
    a.accepts(people.campaign(target=1000000))
    began = time.monotonic()
    a.accepts(*[people.contribution(f"giver {number}", 1, at=10 + number % 500) for number in range(5000)])
    taken = time.monotonic() - began
    b = stage.relay("B", ["A"])
    began = time.monotonic()
    b.pull(a)
    pulled = time.monotonic() - began
    # What came before the campaign is judged once it is there.
    b.settle(120)
    expect(people.collected(b) == 5000, f"{people.collected(b)} of 5000 are counted after one pull")
    return f"{same(a, b)}, published in {taken:.1f} s, pulled in {pulled:.1f} s"


@two
def pushing_peer(stage):
    """A relay pushes: at the other one that is a peer, and is judged as from sync."""
    a, b = stage.relay("A", ["B"]), stage.relay("B", ["A"])
    people = People(stage)
    a.accepts(people.campaign(), *[people.contribution(f"giver {number}", at=10 + number) for number in range(20)])
    a.settle()
    a.push(b)
    b.settle()
    receipts = b.stored({"kinds": [9742], "authors": [stage.signer.pubkey("B")]})
    expect(not receipts, "the pushed contributions were receipted a second time")
    pushed = people.collected(b)
    figures = agree(a, b)
    expect(people.collected(b) == 200, f"{people.collected(b)} Ẑ are counted")
    return f"{figures}, {pushed} of 200 Ẑ by the push alone"


@two
def edited_campaign(stage):
    """A campaign that was edited five times, with contributions between, at a late relay."""
    a = stage.relay("A", ["B"])
    people = People(stage)
    for number in range(6):
        a.accepts(people.campaign(at=20 * number, title=f"A garden, {number}"), people.contribution(f"giver {number}", at=20 * number + 10))
    a.settle()
    b = stage.relay("B", ["A"])
    figures = agree(a, b)
    expect([people.collected(relay) for relay in (a, b)] == [60, 60], "not all is counted")
    return f"{figures}, {len(b.stored({'kinds': [16]}))} archives"


@two
def killed_relay(stage):
    """A relay is killed between answer and commit; the other one gets what was delivered again."""
    a, b = stage.relay("A", ["B"]), stage.relay("B", ["A"])
    people = People(stage)
    a.accepts(people.campaign())
    a.settle()
    b.pull(a)
    lost = killed(stage, a, [people.contribution(f"giver {number}") for number in range(3)])
    a.accepts(people.contribution("later"))
    deadline = time.monotonic() + 20
    while not all(a.has(event) for event in lost):
        expect(time.monotonic() < deadline, "what the relay lost was not delivered again")
        a.settle()
        time.sleep(1)
    figures = agree(a, b)
    expect(people.collected(b) == 40, f"{people.collected(b)} Ẑ are counted")
    return f"{figures}, {a.ask('status')['stored']['redelivered']} redelivered"


@two
def merge_by_hand(stage):
    """After an outage one takes the other's export: state diff, state merge, state diff."""
    a, b = stage.relay("A", ["B"]), stage.relay("B", ["A"])
    people, others = People(stage), People(stage, 2)
    a.accepts(people.campaign(), *[people.contribution(f"giver {number}") for number in range(5)])
    a.accepts(people.campaign(at=20, title="A larger garden"))
    b.accepts(others.campaign(), others.contribution("bob"))
    for relay in (a, b):
        relay.settle()
    exports = {}
    for relay in (a, b):
        exports[relay.name] = os.path.join(relay.folder, "export.jsonl")
        relay.ask("state", "export", exports[relay.name])
    merged = [b.ask("state", "merge", exports["A"]), a.ask("state", "merge", exports["B"])]
    figures = same(a, b)
    # The relays run on, and what they pull now they know.
    figures = agree(a, b)
    return f"{figures}, {merged[0]['accepted']} and {merged[1]['accepted']} merged"
