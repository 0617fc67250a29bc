/*
The four elements: the stream, the translate bar, the partners and the call. Attributes in, DOM events out, light DOM, no
framework, no third party; docs/widget.md says what each attribute, event, class name and property means.

  <script type="module" src="https://HOST/widget.js"></script>
  <mpower-languages></mpower-languages>
  <mpower-stream lang="eu" tag="solar" limit="5" layout="cards" live></mpower-stream>

Served as one file that tools/widget.py makes of these modules and of widget.css (`make widget`); what extras.js imports is
a second one, for the streams that ask for it.
*/

import "./partners.js";
import "./call.js";
import "./languages.js";
import "./stream.js";

// Filled in where the served file is made: widget.css.
const STYLE = "";

// A constructed sheet: a page's policy may refuse inline style.
const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);
document.adoptedStyleSheets.push(sheet);
