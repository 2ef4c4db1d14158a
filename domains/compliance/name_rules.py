"""What a name gives away, a domain's or that of a link: imitated brands, scripts that do not belong together. Pure."""

from collections.abc import Collection, Iterator

from domains.compliance.brands import Brand, bait_beside, brands, imitates, is_named, is_near
from domains.compliance.case import Found
from domains.compliance.registered import registered_name
from domains.compliance.scripts import is_mixed, looks_like, scripts_of
from domains.names import display_name


def look_at_brands(name: str, bait: Collection[str], harmless: Collection[str]) -> Iterator[Found]:
    """At most one finding a brand, the gravest. `name` in A-labels, as below."""
    registered = registered_name(name)
    own_label = display_name(registered).split(".", 1)[0]
    below = name.removesuffix(registered).strip(".")
    sub_labels = display_name(below).split(".") if below else []
    for brand in brands():
        if registered in brand.domains:
            continue
        if found := _about(brand, own_label, sub_labels, below, bait, harmless):
            yield found


def look_at_scripts(name: str) -> Iterator[Found]:
    """Labels that mix scripts, and labels wholly in letters that look like Latin ones before a Latin ending."""
    ascii_labels = name.split(".")
    for ascii_label in ascii_labels:
        if not ascii_label.startswith("xn--"):
            continue
        label = display_name(ascii_label)
        scripts, latin = scripts_of(label), looks_like(label)
        if is_mixed(label):
            yield "mixed_scripts", {"label": label, "ascii": ascii_label, "scripts": ", ".join(scripts)}
        elif scripts != ["Latin"] and latin.isascii() and not ascii_labels[-1].startswith("xn--"):
            detail = {"label": label, "ascii": ascii_label, "script": ", ".join(scripts), "looks_like": latin}
            yield "imitates_latin", detail


def _about(
    brand: Brand,
    own_label: str,
    sub_labels: list[str],
    below: str,
    bait: Collection[str],
    harmless: Collection[str],
) -> Found | None:
    everywhere = [own_label, *sub_labels]
    for label in everywhere:
        if any(imitates(part, brand) for part in {label, label.replace("-", ""), *label.split("-")}):
            return "brand_lookalike", {"label": label, "brand": brand.name}
    for label in everywhere:
        if word := bait_beside(label, brand, bait):
            return "brand_with_bait", {"brand": brand.name, "bait": word}
    # paypal.com.example.net: their whole domain, put before another.
    if put_before := next((name for name in brand.domains if f".{name}." in f".{below}."), ""):
        return "brand_with_bait", {"brand": brand.name, "bait": f"{put_before}."}
    if brand.name in sub_labels and not brand.is_common and own_label in bait:
        return "brand_with_bait", {"brand": brand.name, "bait": own_label}
    if is_named(own_label, brand):
        return "brand_in_name", {"brand": brand.name}
    if any(is_near(part, brand, harmless) for part in {own_label, own_label.replace("-", "")}):
        return "brand_near", {"label": own_label, "brand": brand.name}
    if any(is_named(label, brand) for label in sub_labels):
        return "brand_in_subdomain", {"brand": brand.name}
    return None
