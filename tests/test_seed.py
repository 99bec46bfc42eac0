"""The default office is whole and consistent, and a faulty list of villages is refused in words."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ruko.seed import VillageRow, load_office, load_villages

HEADER = "code,name,kind\n"
BINJAI = "63.11.07.2008,Binjai,desa\n"
NO_CODE = "is not the code of a desa or kelurahan, such as 63.11.07.2008."


@pytest.fixture(scope="module")
def office() -> dict[str, Any]:
    return load_office()


@pytest.fixture
def village_csv(tmp_path: Path) -> Path:
    return tmp_path / "villages.csv"


def services(office: dict[str, Any]) -> list[dict[str, Any]]:
    return [service for bidang in office["bidang"] for service in bidang["services"]]


def test_the_office_is_paringin_selatan(office: dict[str, Any]) -> None:
    assert office["office"] == {
        "slug": "paringin-selatan",
        "code": "63.11.07",
        "name": "Kecamatan Paringin Selatan",
        "regency": "Kabupaten Balangan",
        "house": "RUKO PARSEL",
        "house_name": "Rumah Koordinasi Paringin Selatan",
        "timezone": "Asia/Makassar",
    }


def test_the_file_has_no_other_tables(office: dict[str, Any]) -> None:
    assert {table: len(rows) for table, rows in office.items() if isinstance(rows, list)} == {
        "bidang": 6,
        "counter": 8,
        "room": 2,
        "hours": 10,
        "slot": 28,
        "category": 14,
        "announcement": 3,
    }
    assert {table for table, rows in office.items() if isinstance(rows, dict)} == {
        "office",
        "settings",
    }


def test_bidang_stand_in_ticket_letter_order(office: dict[str, Any]) -> None:
    assert [(bidang["code"], bidang["letter"]) for bidang in office["bidang"]] == [
        ("PEM", "A"),
        ("PMD", "B"),
        ("TRB", "C"),
        ("KES", "D"),
        ("YAN", "E"),
        ("SEK", "F"),
    ]


def test_the_board_name_is_the_name_without_seksi(office: dict[str, Any]) -> None:
    for bidang in office["bidang"]:
        assert bidang["short_name"] == bidang["name"].removeprefix("Seksi ")


def test_every_service_carries_the_six_public_parts(office: dict[str, Any]) -> None:
    for service in services(office):
        assert set(service) == {
            "name",
            "requirements",
            "target_minutes",
            "fee",
            "procedure",
            "product",
            "complaint_channel",
        }
        assert all(service.values()), service["name"]
        assert 0 < service["target_minutes"] <= 60


def test_a_bidang_offers_two_to_five_services_by_different_names(office: dict[str, Any]) -> None:
    for bidang in office["bidang"]:
        assert 2 <= len(bidang["services"]) <= 5
    names = [service["name"] for service in services(office)]
    assert len(names) == len(set(names))


def test_places_are_six_counters_and_the_rooms(office: dict[str, Any]) -> None:
    places = [(counter["name"], counter["kind"]) for counter in office["counter"]]
    assert places == [(f"Loket {number}", "loket") for number in range(1, 7)] + [
        (room["name"], "room") for room in office["room"]
    ]


def test_only_the_larger_room_needs_approval(office: dict[str, Any]) -> None:
    assert [
        (room["name"], room["capacity"], room["needs_approval"]) for room in office["room"]
    ] == [
        ("Ruang RUKO 1", 12, False),
        ("Ruang RUKO 2", 20, True),
    ]


def test_hours_run_forward_and_never_overlap(office: dict[str, Any]) -> None:
    spans = [(span["weekday"], span["opens"], span["closes"]) for span in office["hours"]]
    assert all(opens < closes for _, opens, closes in spans)
    for (weekday, _, closes), (next_weekday, opens, _) in pairwise(spans):
        assert (weekday, closes) < (next_weekday, opens)


def test_slots_lie_inside_one_span_of_hours(office: dict[str, Any]) -> None:
    for slot in office["slot"]:
        assert any(
            span["weekday"] == slot["weekday"]
            and span["opens"] <= slot["starts"] < slot["ends"] <= span["closes"]
            for span in office["hours"]
        ), slot


def test_slots_of_a_day_follow_one_another(office: dict[str, Any]) -> None:
    slots = [(slot["weekday"], slot["starts"], slot["ends"]) for slot in office["slot"]]
    for (weekday, _, ends), (next_weekday, starts, _) in pairwise(slots):
        assert (weekday, ends) <= (next_weekday, starts)
    assert Counter(weekday for weekday, _, _ in slots) == {0: 6, 1: 6, 2: 6, 3: 6, 4: 4}


def test_times_are_written_as_hours_and_minutes(office: dict[str, Any]) -> None:
    times = [span[edge] for span in office["hours"] for edge in ("opens", "closes")]
    times += [slot[edge] for slot in office["slot"] for edge in ("starts", "ends")]
    assert all(re.fullmatch(r"[01][0-9]:[0-5][0-9]", time) for time in times)


def test_categories_are_unique_and_fit_a_chip(office: dict[str, Any]) -> None:
    assert len({category["code"] for category in office["category"]}) == 14
    assert all(0 < len(category["name"]) <= 24 for category in office["category"])
    assert all(category["name_en"] for category in office["category"])


def test_every_category_starts_at_a_bidang_of_the_office(office: dict[str, Any]) -> None:
    codes = {bidang["code"] for bidang in office["bidang"]}
    assert {category["bidang"] for category in office["category"]} <= codes


def test_announcements_say_what_the_settings_do(office: dict[str, Any]) -> None:
    free, priority, last_number = (row["text"] for row in office["announcement"])
    settings = office["settings"]
    assert "tidak dipungut biaya" in free
    assert {service["fee"] for service in services(office)} == {"Gratis"}
    assert f"{settings['priority_head_start_minutes']} menit" in priority
    assert f"{settings['last_number_minutes']} menit" in last_number


def test_the_visible_texts_keep_the_house_wording(office: dict[str, Any]) -> None:
    avoided = re.compile(r"(?i)antrian|silahkan|\b(scan|booking|online|slot)\b|!|Anda harus")

    def texts(value: object) -> list[str]:
        if isinstance(value, dict):
            return [text for key, part in value.items() if key != "name_en" for text in texts(part)]
        if isinstance(value, list):
            return [text for part in value for text in texts(part)]
        return [value] if isinstance(value, str) else []

    assert [text for text in texts(office) if avoided.search(text)] == []


def test_the_villages_are_one_kelurahan_and_fifteen_desa() -> None:
    villages = load_villages()
    assert Counter(village.kind for village in villages) == {"desa": 15, "kelurahan": 1}
    assert villages[0] == VillageRow("63.11.07.1001", "Batu Piring", "kelurahan")
    assert VillageRow("63.11.07.2008", "Binjai", "desa") in villages


def test_every_village_is_of_this_office_once(office: dict[str, Any]) -> None:
    codes = [village.code for village in load_villages()]
    assert len(codes) == len(set(codes))
    assert all(code.startswith(office["office"]["code"] + ".") for code in codes)


def test_a_list_in_the_columns_of_the_source_is_read(village_csv: Path) -> None:
    village_csv.write_text(
        "code,name,type,parent_code\n"
        "63.11.06.1002,Paringin  Timur ,kelurahan,63.11.06\n"
        "91.03.01.3001,Yoboi,desa_adat,91.03.01\n"
        '63.11.06.2004,"Layap, Hulu",Desa,63.11.06\n',
        encoding="utf-8",
    )
    assert load_villages(village_csv) == [
        VillageRow("63.11.06.1002", "Paringin Timur", "kelurahan"),
        VillageRow("91.03.01.3001", "Yoboi", "desa"),
        VillageRow("63.11.06.2004", "Layap, Hulu", "desa"),
    ]


def test_a_list_saved_by_a_spreadsheet_is_read(village_csv: Path) -> None:
    village_csv.write_bytes((HEADER + BINJAI).replace("\n", "\r\n").encode("utf-8-sig"))
    assert load_villages(village_csv) == [VillageRow("63.11.07.2008", "Binjai", "desa")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "Line 1: the columns must be code,name,kind, separated by commas."),
        ("code;name;kind\n", "Line 1: the columns must be code,name,kind, separated by commas."),
        ("code,name\n", "Line 1: the columns must be code,name,kind, separated by commas."),
        (HEADER, "Line 1: the list names no village below its header."),
        (
            HEADER + "63.11.07,Paringin Selatan,kecamatan\n",
            f"Line 2: '63.11.07' {NO_CODE}",
        ),
        (
            HEADER + BINJAI + "63.11.07.4001,Inan,desa\n",
            f"Line 3: '63.11.07.4001' {NO_CODE}",
        ),
        (
            HEADER + "63.11.07.٢٠٠٨,Binjai,desa\n",
            f"Line 2: '63.11.07.٢٠٠٨' {NO_CODE}",
        ),
        (HEADER + BINJAI * 2, "Line 3: the code 63.11.07.2008 is already on line 2."),
        (HEADER + "63.11.07.2008, ,desa\n", "Line 2: the name is empty."),
        (
            HEADER + f"63.11.07.2008,{'B' * 81},desa\n",
            "Line 2: the name is longer than 80 characters.",
        ),
        (
            HEADER + "63.11.07.2008,Binjai,kelurahan\n",
            "Line 2: 63.11.07.2008 is the code of a desa, but its kind is 'kelurahan'.",
        ),
        (
            "code,name,type\n63.11.07.1001,Batu Piring\n",
            "Line 2: 63.11.07.1001 is the code of a kelurahan, but its type is ''.",
        ),
    ],
)
def test_a_faulty_list_is_refused_with_its_line(
    village_csv: Path, content: str, sentence: str
) -> None:
    village_csv.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        load_villages(village_csv)


def test_a_list_in_another_encoding_is_refused_with_its_line(village_csv: Path) -> None:
    village_csv.write_bytes(HEADER.encode() + "63.11.07.2008,Binjaí,desa\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"^Line 2: the file is not UTF-8 text\.$"):
        load_villages(village_csv)


def test_a_list_with_an_open_quote_is_refused_with_its_line(village_csv: Path) -> None:
    village_csv.write_text(HEADER + '63.11.07.2008,"Binjai,desa\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"^Line 2: this is not valid CSV"):
        load_villages(village_csv)


def test_a_list_of_eighty_letter_names_is_read(village_csv: Path) -> None:
    village_csv.write_text(HEADER + f"63.11.07.2008,{'B' * 80},desa\n", encoding="utf-8")
    assert len(load_villages(village_csv)[0].name) == 80
