"""What counts as lost, doubled and permitted, and how a table of results reads."""

import pytest

from mailtrap_site.proof.tally import Outcome, Row, Tally, faults, merged, table, tally


def test_what_was_acknowledged_and_never_came_is_lost():
    judged = tally(["a", "b"], ["a"])
    assert (judged.delivered, judged.lost, judged.doubled) == ({"a"}, {"b"}, set())
    assert faults(judged) == ("1 lost: b",)


def test_what_nobody_acknowledged_may_come_once():
    assert faults(tally(["a"], ["a", "unheard"])) == ()
    assert faults(tally(["a"], ["a", "unheard", "unheard"], ["unheard"])) != ()


@pytest.mark.parametrize(
    ("uncertain", "may_double", "expected"),
    [
        (["a"], ["a"], ()),
        (["a"], [], ("1 doubled although the final dot had not been sent: a",)),
        ([], ["a"], ("1 doubled but not recorded as uncertain: a",)),
        (
            ["b"],
            ["b"],
            (
                "1 doubled although the final dot had not been sent: a",
                "1 doubled but not recorded as uncertain: a",
            ),
        ),
    ],
)
def test_a_mail_is_doubled_only_after_its_final_dot_and_with_a_record_of_it(uncertain, may_double, expected):
    assert faults(tally(["a", "b"], ["a", "b", "a"], uncertain), may_double=may_double) == expected


def test_a_mail_that_is_uncertain_and_came_once_is_no_fault():
    assert faults(tally(["a"], ["a"], ["a"])) == ()


def test_of_many_ids_the_first_are_named():
    (fault,) = faults(tally([f"m{number}" for number in range(9)], []))
    assert fault == "9 lost: m0, m1, m2, m3, m4 …"


def test_rounds_of_one_scenario_add_up():
    rounds = [Outcome(tally(["a"], ["a"]), (), "one"), Outcome(tally(["b"], []), ("1 lost: b",), "")]
    both = merged(rounds)
    assert (both.tally.accepted, both.tally.lost, both.faults, both.note) == ({"a", "b"}, {"b"}, ("1 lost: b",), "one")


def test_the_table_says_which_scenario_failed_and_sums_up():
    rows = [
        Row("good", Outcome(tally(["a"], ["a"])), 1.25),
        Row("bad", Outcome(tally(["b"], ["b", "b"]), ("1 doubled",)), 2.0),
        Row("wire", Outcome(Tally(), (), "14 false ends"), 0.5),
    ]
    lines = table(rows).splitlines()
    assert lines[0].split() == ["scenario", "accepted", "delivered", "lost", "doubled", "uncertain", "seconds"]
    assert lines[1].split() == ["good", "1", "1", "0", "0", "0", "1.2", "ok"]
    assert lines[2].split() == ["bad", "1", "1", "0", "1", "0", "2.0", "FAILED", "1", "doubled"]
    assert lines[3].endswith("ok      14 false ends")
    assert lines[4].startswith("all")
    assert lines[4].split()[1:3] == ["2", "2"]
    assert lines[5] == "2 of 3 scenarios kept every promise."
