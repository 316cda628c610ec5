"""The page of `report` as a Jinja template: a string, to be part of the package however it is installed."""

PAGE = """\
{% macro show(value) %}
{% if value is rich %}
{% if value.best %}<strong>{{ value.text }}</strong>{% else %}{{ value.text }}{% endif %}
{% if value.small %}<small>{{ value.small }}</small>{% endif %}
{% else %}{{ value | cell }}{% endif %}
{% endmacro %}
{% macro notes(note) %}
{% for line in note | lines if line %}
<p class="note">{{ line }}</p>
{% endfor %}
{% endmacro %}
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<title>{{ title }}</title>
<style>
  :root { --ink: #22221f; --quiet: #6b6b64; --line: #e2e2dc; --paper: #fdfdfb; }
  * { box-sizing: border-box; }
  body { margin: 0; background: var(--paper); color: var(--ink);
         font: 16px/1.55 "Charter", "Bitstream Charter", "Georgia", serif; }
  main { max-width: 60rem; margin: 0 auto; padding: 3.5rem 1.25rem 5rem; }
  header { margin-bottom: 3rem; }
  h1 { margin: 0; font-size: 1.9rem; font-weight: normal; line-height: 1.2; letter-spacing: -0.01em; }
  h2 { margin: 0 0 1rem; font-size: 1.15rem; font-weight: normal; }
  section { margin: 0 0 3.25rem; }
  .subtitle, .note { color: var(--quiet); margin: 0.5rem 0 0; overflow-wrap: anywhere; }
  .note { font-size: 0.9rem; max-width: 44rem; }
  .wide { overflow-x: auto; padding-bottom: 1px; }
  table { border-collapse: collapse; width: 100%; font: 0.9rem/1.4 system-ui, sans-serif;
          font-variant-numeric: tabular-nums; }
  th, td { padding: 0.45rem 0 0.45rem 1.25rem; text-align: right; border-bottom: 1px solid var(--line);
           vertical-align: baseline; }
  th:first-child, td:first-child { padding-left: 0; text-align: left; }
  th { font-weight: normal; color: var(--quiet); white-space: nowrap; }
  td { white-space: nowrap; }
  .first tbody tr:first-child td, strong { font-weight: 600; }
  small { display: block; color: var(--quiet); font-size: 0.83em; font-weight: normal; white-space: pre-line; }
  .group th { padding-top: 1.4rem; text-align: left; }
  .apart td { color: var(--quiet); }
  .compared th:first-child, .compared td:first-child { position: sticky; left: 0; background: var(--paper);
                                                       white-space: normal; min-width: 7.5rem; max-width: 18rem;
                                                       overflow-wrap: anywhere; }
  .compared td { min-width: 5.5rem; }
  .compared th { white-space: normal; vertical-align: bottom; }
  /* Collapsed borders would not move with the first column. */
  .compared { border-collapse: separate; border-spacing: 0; }
  .panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: 1.5rem; }
  h3 { margin: 0 0 0.25rem; font: 0.9rem/1.4 system-ui, sans-serif; color: var(--quiet); }
  .examples { display: grid; grid-template-columns: repeat(var(--columns), minmax(3.5rem, auto)); column-gap: 0.75rem;
              width: max-content; min-width: 0; max-width: 100%; }
  .examples h3 { max-width: 11rem; }
  .examples h3, .examples p { overflow-wrap: anywhere; }
  .examples figcaption { white-space: pre-line; }
  .pair { grid-column: 1 / -1; margin: 0 0 0.4rem; padding-top: 0.8rem; font: 0.8rem/1.4 system-ui, sans-serif;
          border-top: 1px solid var(--line); color: var(--quiet); }
  .examples figure { margin-bottom: 1rem; break-inside: avoid; }
  svg { display: block; width: 100%; max-width: 48rem; height: auto; }
  svg text { font-family: system-ui, sans-serif !important; }
  .gallery { display: flex; flex-wrap: wrap; gap: 1.5rem; }
  figure { margin: 0; max-width: 100%; }
  figure img { display: block; max-width: 100%; height: auto; }
  figcaption { margin-top: 0.4rem; font: 0.8rem/1.4 system-ui, sans-serif; color: var(--quiet);
               overflow-wrap: anywhere; }
  @media (max-width: 40rem) { main { padding-top: 2rem; } h1 { font-size: 1.5rem; }
                              th, td { padding-left: 0.8rem; }
                              th, td:first-child { white-space: normal; }
                              .compared th:first-child, .compared td:first-child { max-width: 9rem; }
                              .examples { column-gap: 0.4rem; } .pair { max-width: calc(100vw - 2.5rem); }
                              .examples figcaption, .examples h3 { font-size: 0.7rem; } }
  @media print { main { padding: 0; max-width: none; } section { break-inside: avoid; }
                 section.long { break-inside: auto; } .wide { overflow: visible; } table { font-size: 0.7rem; }
                 th, td { padding-left: 0.5rem; } .compared td { min-width: 0; } tr, .pair { break-inside: avoid; }
                 .pair { break-after: avoid; } }
</style>
</head>
<body>
<main>
<header>
<h1>{{ title }}</h1>
{% for line in subtitle | lines if line %}
<p class="subtitle">{{ line }}</p>
{% endfor %}
</header>
{% for table in tables %}
<section class="long">
<h2>{{ table.title }}</h2>
<div class="wide"><table class="{{ 'first' if table.first_stands_out else 'compared' }}">
<thead><tr>{% for name in table.header %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in table.rows %}
<tr>{% for value in row %}<td>{{ show(value) | trim }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
{% for heading, rows in table.groups %}
<tbody class="apart">
<tr class="group"><th scope="rowgroup">{{ heading }}</th><th colspan="{{ table.header | length - 1 }}"></th></tr>
{% for row in rows %}
<tr>{% for value in row %}<td>{{ show(value) | trim }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
{% endfor %}
</table></div>
{{ notes(table.note) }}
</section>
{% endfor %}
{% for figure, plots in figures %}
<section>
<h2>{{ figure.title }}</h2>
{% if plots[0][0] %}
<div class="panels">
{% for heading, svg in plots %}
<div><h3>{{ heading }}</h3>{{ svg | safe }}</div>
{% endfor %}
</div>
{% else %}
{{ plots[0][1] | safe }}
{% endif %}
{{ notes(figure.note) }}
</section>
{% endfor %}
{% for gallery in galleries %}
<section class="long">
<h2>{{ gallery.title }}</h2>
{% if gallery is linked %}
<div class="gallery">
{% for name, caption in gallery.files %}
<figure{% if gallery.width %} style="max-width: {{ gallery.width }}px"{% endif %}>
<img src="{{ name | address }}" alt="{{ caption }}" loading="lazy">
<figcaption>{{ caption }}</figcaption>
</figure>
{% endfor %}
</div>
{% elif gallery is aligned %}
<div class="wide"><div class="examples" style="--columns: {{ gallery.columns | length }}">
{% for name in gallery.columns %}
<h3>{{ name }}</h3>
{% endfor %}
{% for caption, cells in gallery.rows %}
<p class="pair">{{ caption }}</p>
{% for text, pixels in cells %}
<figure>
{% if pixels is not none %}
<img src="{{ pixels | picture }}" width="{{ pixels.shape[1] }}" height="{{ pixels.shape[0] }}" alt="{{ text }}">
{% endif %}
<figcaption>{{ text }}</figcaption>
</figure>
{% endfor %}
{% endfor %}
</div></div>
{% else %}
<div class="gallery">
{% for caption, pixels in gallery.pictures %}
<figure style="width: {{ pixels.shape[1] }}px">
<img src="{{ pixels | picture }}" width="{{ pixels.shape[1] }}" alt="{{ caption }}">
<figcaption>{{ caption }}</figcaption>
</figure>
{% endfor %}
</div>
{% endif %}
{{ notes(gallery.note) }}
</section>
{% endfor %}
</main>
</body>
</html>
"""
