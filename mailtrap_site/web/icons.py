"""The icons: a 16 px box, stroke 1.5 with round ends, `currentColor`, never filled. Values are SVG, by name."""

_CIRCLE = '<circle cx="8" cy="8" r="6"/>'
_TRAY = '<path d="M2 9.5h3l1 2h4l1-2h3M2 9.5V13a.75.75 0 0 0 .75.75h10.5A.75.75 0 0 0 14 13V9.5"/>'

ICONS: dict[str, str] = {
    # states
    "clock": _CIRCLE + '<path d="M8 4.75V8l2 1.5"/>',
    "tray": _TRAY + '<path d="M4 6.5h8M5.75 3.5h4.5"/>',
    "plane": '<path d="M14 2 2 6.25l5 2.75L9.75 14zM14 2 7 9"/>',
    "retry": '<path d="M13.25 8a5.25 5.25 0 1 1-1.5-3.7l1.5 1.45M13.25 2.5v3.25H10"/>',
    "question": _CIRCLE + '<path d="M6.4 6.4a1.65 1.65 0 1 1 2.4 1.5c-.5.25-.8.6-.8 1.1M8 11.25v.01"/>',
    "pause": _CIRCLE + '<path d="M6.5 6v4M9.5 6v4"/>',
    "tick-circle": _CIRCLE + '<path d="m5.5 8.25 1.75 1.75 3.25-3.75"/>',
    "captured": _TRAY + '<path d="M8 2.25v5.5M5.75 5.5 8 7.75l2.25-2.25"/>',
    "back": '<path d="M5.5 2.75 2.5 5.75l3 3M2.5 5.75h7.25a3.5 3.5 0 0 1 0 7H7"/>',
    "barred": _CIRCLE + '<path d="m3.9 3.9 8.2 8.2"/>',
    "crossed": _CIRCLE + '<path d="m6 6 4 4M10 6l-4 4"/>',
    "door": '<path d="M9.5 2.75H4a1 1 0 0 0-1 1v8.5a1 1 0 0 0 1 1h5.5M6.75 8h6.75M11.25 5.5 13.75 8l-2.5 2.5"/>',
    "flag": '<path d="M3.5 14V2.75h9L10.5 6l2 3.25h-9"/>',
    "triangle": '<path d="M8 2.5 14 13H2zM8 6.75v2.75M8 11.25v.01"/>',
    "info": _CIRCLE + '<path d="M8 7.5v3.25M8 5.25v.01"/>',
    "circle": _CIRCLE,
    "ring": _CIRCLE + '<circle cx="8" cy="8" r="2.25"/>',
    # actions
    "check": '<path d="m3.25 8.5 3 3 6.5-7"/>',
    "cross": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "more": '<path d="M3.5 8h.01M8 8h.01M12.5 8h.01"/>',
    "menu": '<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>',
    "search": '<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.25 3.25"/>',
    "copy": '<rect x="5.25" y="5.25" width="8.25" height="8.25" rx="1.25"/>'
    '<path d="M10.75 5.25V3.5c0-.55-.45-1-1-1H3.5c-.55 0-1 .45-1 1v6.25c0 .55.45 1 1 1h1.75"/>',
    "download": '<path d="M8 2.5v7.25M5 7l3 3 3-3M3 13.25h10"/>',
    "trash": '<path d="M2.5 4.25h11M6 4V2.5h4V4M4 4.5l.5 9h7l.5-9M6.75 7v4M9.25 7v4"/>',
    "external": '<path d="M9 2.75h4.25V7M13.25 2.75 7.5 8.5M11.5 9v4.25H2.75V4.5H7"/>',
    "left": '<path d="M9.75 3.5 5.25 8l4.5 4.5"/>',
    "right": '<path d="M6.25 3.5 10.75 8l-4.5 4.5"/>',
    "down": '<path d="M3.5 6.25 8 10.75l4.5-4.5"/>',
    "up-down": '<path d="m4.75 6 3.25-3.25L11.25 6M4.75 10 8 13.25 11.25 10"/>',
    # places and things
    "home": '<path d="M2.5 7 8 2.5 13.5 7v5.75a.75.75 0 0 1-.75.75h-9.5a.75.75 0 0 1-.75-.75z"/>'
    '<path d="M6.25 13.25V9.5h3.5v3.75"/>',
    "list": '<path d="M6 4h8M6 8h8M6 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01"/>',
    "bars": '<path d="M2 13.5h12M4.25 11V8.5M8 11V3M11.75 11V6"/>',
    "globe": _CIRCLE + '<path d="M2 8h12M8 2c2 2 2.5 4 2.5 6S10 12 8 14M8 2C6 4 5.5 6 5.5 8S6 12 8 14"/>',
    "code": '<path d="M5.25 4.25 1.75 8l3.5 3.75M10.75 4.25 14.25 8l-3.5 3.75"/>',
    "layout": '<rect x="2.25" y="2.25" width="11.5" height="11.5" rx="1.25"/><path d="M2.25 6h11.5M6 6v7.75"/>',
    "webhook": '<circle cx="8" cy="4.25" r="2"/><circle cx="4" cy="11.5" r="2"/><circle cx="12" cy="11.5" r="2"/>'
    '<path d="M7.1 6.1 5 9.75M8.9 6.1 11 9.75M6 11.5h4"/>',
    "shield": '<path d="M8 2 13 3.75V8c0 3-2 5-5 6-3-1-5-3-5-6V3.75zM5.75 8h4.5"/>',
    "card": '<rect x="1.75" y="3.25" width="12.5" height="9.5" rx="1.5"/><path d="M1.75 6.5h12.5M4.5 10h2.5"/>',
    "gauge": '<path d="M3.75 12.25a5.75 5.75 0 1 1 8.5 0M8 8.5 10.5 5.5"/>',
    "key": '<circle cx="5" cy="11" r="2.75"/><path d="m7 9 6.25-6.25M10.75 5.25l2 2"/>',
    "people": '<circle cx="6" cy="5" r="2.5"/><path d="M1.75 13.5c0-2.6 1.7-4.25 4.25-4.25s4.25 1.65 4.25 4.25"/>'
    '<path d="M10.5 2.75a2.4 2.4 0 0 1 0 4.5M12 9.75c1.5.6 2.25 1.9 2.25 3.75"/>',
    "person": '<circle cx="8" cy="5.25" r="2.75"/><path d="M2.75 13.75c.3-2.8 2.2-4.5 5.25-4.5s4.95 1.7 5.25 4.5"/>',
    "mail": '<rect x="2" y="3.25" width="12" height="9.5" rx="1.25"/><path d="m2.75 5 5.25 4 5.25-4"/>',
    "bell": '<path d="M3.5 11.25h9c-1-1-1.25-2.25-1.25-4.25a3.25 3.25 0 0 0-6.5 0c0 2-.25 3.25-1.25 4.25z"/>'
    '<path d="M6.75 13.5h2.5"/>',
    "lock": '<rect x="3" y="7" width="10" height="6.75" rx="1.25"/><path d="M5.25 7V4.75a2.75 2.75 0 0 1 5.5 0V7"/>',
    "eye": '<path d="M1.75 8S4 3.75 8 3.75 14.25 8 14.25 8 12 12.25 8 12.25 1.75 8 1.75 8z"/>'
    '<circle cx="8" cy="8" r="1.75"/>',
    "click": '<path d="m6.5 6.5 7.25 2.75-3.25 1.25-1.25 3.25zM6 2v1.5M2 6h1.5M3.2 3.2l1 1M8.8 3.2l-1 1M3.2 8.8l1-1"/>',
    "file": '<path d="M9 2H4.5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h7a1 1 0 0 0 1-1V5.5zM9 2v3.5h3.5"/>',
}
