/** A document as text, without scripts and without what was typed. */
export interface DescribedDocument {
  readonly title: string;
  readonly html: string;
  /** Whether it was longer. */
  readonly isCut: boolean;
}

/**
 * Runs in the page; only its source text is sent there, so it uses nothing outside of it. The walk ends with the first
 * `maxCharacters`, however large the document is. A form's own fields may have the names of properties, so properties are
 * read by the getters of their classes.
 */
// oxlint-disable-next-line max-lines-per-function -- One function is all that is sent.
export function describeDocument(maxCharacters: number): DescribedDocument {
  // oxlint-disable-next-line consistent-function-scoping -- There is nothing outside in the page.
  const read = (prototype: object, name: string, object: object | null): unknown => {
    // oxlint-disable-next-line unbound-method -- It is called on the object.
    const { get } = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
    return get && Reflect.apply(get, object, []);
  };
  /** Their text is code, or was typed. */
  const silent = new Set(["script", "style", "noscript", "template", "textarea"]);
  const addresses = new Set(["href", "src", "action", "formaction", "poster", "data", "srcset", "cite", "ping"]);
  const empty = new Set(["br", "hr", "img", "input", "link", "meta", "source", "area", "col", "wbr"]);
  const out = { parts: [] as string[], left: maxCharacters };
  const put = (text: string): void => {
    out.parts.push(text.slice(0, Math.max(0, out.left)));
    out.left -= text.length;
  };
  const escaped = (text: string): string =>
    text.slice(0, Math.max(0, out.left)).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  // oxlint-disable-next-line consistent-function-scoping -- There is nothing outside in the page.
  const shown = (name: string, value: string): string => {
    if (name === "value" || name.startsWith("on") || name === "srcdoc") return "";
    // The query of an address may hold a token.
    return addresses.has(name) ? value.replace(/[?#].*$/s, "").replace(/^(data|javascript):.*$/is, "$1:") : value;
  };
  /** Returns whether its text may be shown. */
  const open = (element: Element, name: string): boolean => {
    put(`<${name}`);
    let isShown = !silent.has(name);
    const attributes = read(Element.prototype, "attributes", element) as NamedNodeMap;
    for (let at = 0; at < Math.min(attributes.length, 100); at += 1) {
      const { name: attribute, value } = attributes.item(at) as Attr;
      if (attribute === "contenteditable" && value !== "false") isShown = false;
      put(` ${attribute.slice(0, 100)}="${escaped(shown(attribute, value.slice(0, 2_000)))}"`);
    }
    put(">");
    return isShown;
  };
  /** Puts a node's own part. Returns the first of its children that are shown. */
  const enter = (node: Node, path: { readonly node: Node; readonly end: string }[]): Node | null => {
    const type = read(Node.prototype, "nodeType", node);
    if (type === 3) put(escaped(String(read(CharacterData.prototype, "data", node))));
    if (type !== 1) return null;
    const name = String(read(Element.prototype, "localName", node)).slice(0, 100);
    const isShown = open(node as Element, name);
    if (empty.has(name)) return null;
    path.push({ node, end: `</${name}>` });
    return isShown ? (read(Node.prototype, "firstChild", node) as Node | null) : null;
  };
  const root = read(Document.prototype, "documentElement", document) as Node | null;
  const title = String(read(Document.prototype, "title", document)).slice(0, 500);
  const path: { readonly node: Node; readonly end: string }[] = [];
  let node = root;
  while (node && out.left > 0) {
    let next = enter(node, path);
    while (!next && node) {
      // An element without children, or whose last child was put, ends here.
      if (path.at(-1)?.node === node) put(path.pop()?.end ?? "");
      next = node === root ? null : (read(Node.prototype, "nextSibling", node) as Node | null);
      if (!next) node = path.at(-1)?.node ?? null;
    }
    node = next;
  }
  return { title, html: out.parts.join(""), isCut: out.left <= 0 };
}
