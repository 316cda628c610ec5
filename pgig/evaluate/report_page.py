"""The page of `report` as a Jinja template: a string, to be part of the package however it is installed."""

PAGE = """\
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
  .wide { overflow-x: auto; }
  table { border-collapse: collapse; width: 100%; font: 0.9rem/1.4 system-ui, sans-serif;
          font-variant-numeric: tabular-nums; }
  th, td { padding: 0.45rem 0 0.45rem 1.25rem; text-align: right; border-bottom: 1px solid var(--line);
           vertical-align: baseline; }
  th:first-child, td:first-child { padding-left: 0; text-align: left; }
  th { font-weight: normal; color: var(--quiet); white-space: nowrap; }
  td { white-space: nowrap; }
  tbody tr:first-child td { font-weight: 600; }
  svg { display: block; width: 100%; max-width: 48rem; height: auto; }
  svg text { font-family: system-ui, sans-serif !important; }
  .gallery { display: flex; flex-wrap: wrap; gap: 1.5rem; }
  figure { margin: 0; max-width: 100%; }
  figure img { display: block; max-width: 100%; height: auto; }
  figcaption { margin-top: 0.4rem; font: 0.8rem/1.4 system-ui, sans-serif; color: var(--quiet);
               overflow-wrap: anywhere; }
  @media (max-width: 40rem) { main { padding-top: 2rem; } h1 { font-size: 1.5rem; }
                              th, td { padding-left: 0.8rem; }
                              th, td:first-child { white-space: normal; } }
  @media print { main { padding: 0; } section { break-inside: avoid; } }
</style>
</head>
<body>
<main>
<header>
<h1>{{ title }}</h1>
{% if subtitle %}
<p class="subtitle">{{ subtitle }}</p>
{% endif %}
</header>
{% for table in tables %}
<section>
<h2>{{ table.title }}</h2>
<div class="wide"><table>
<thead><tr>{% for name in table.header %}<th scope="col">{{ name }}</th>{% endfor %}</tr></thead>
<tbody>
{% for row in table.rows %}
<tr>{% for value in row %}<td>{{ value | cell }}</td>{% endfor %}</tr>
{% endfor %}
</tbody>
</table></div>
{% if table.note %}
<p class="note">{{ table.note }}</p>
{% endif %}
</section>
{% endfor %}
{% for figure, svg in figures %}
<section>
<h2>{{ figure.title }}</h2>
{{ svg | safe }}
{% if figure.note %}
<p class="note">{{ figure.note }}</p>
{% endif %}
</section>
{% endfor %}
{% for gallery, pictures in galleries %}
<section>
<h2>{{ gallery.title }}</h2>
<div class="gallery">
{% for caption, width, address in pictures %}
<figure style="width: {{ width }}px">
<img src="{{ address }}" width="{{ width }}" alt="{{ caption }}">
<figcaption>{{ caption }}</figcaption>
</figure>
{% endfor %}
</div>
{% if gallery.note %}
<p class="note">{{ gallery.note }}</p>
{% endif %}
</section>
{% endfor %}
</main>
</body>
</html>
"""
