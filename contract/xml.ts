/**
 * The XML of a CloudStack answer as a tree like that of its JSON: an element's children by name, several of one name as a list, a leaf as
 * text. The version attribute of the root becomes a field. Only what the server writes is understood: no namespaces, no comments.
 *
 * @returns undefined for a text that does not close what it opens
 */
export function parseXml(text: string): unknown {
  const token = /<(\/?)([\w-]+)([^<>]*?)(\/?)>|([^<]+)/g;
  const root: Element = { name: '', text: '', children: [] };
  const open: Element[] = [root];
  for (const [, closing, name, attributes = '', selfClosing, content] of text
    .replace(/<\?[^>]*\?>/, '')
    .matchAll(token)) {
    const top = open.at(-1);
    if (top === undefined) return undefined;
    if (content !== undefined) top.text += content;
    else if (closing === '/') {
      if (top.name !== name) return undefined;
      open.pop();
    } else if (name !== undefined) {
      const element: Element = { name, text: '', children: attributeElements(attributes) };
      top.children.push(element);
      if (selfClosing !== '/') open.push(element);
    }
  }
  return open.length === 1 && root.children.length === 1 ? treeOf(root) : undefined;
}

interface Element {
  readonly name: string;
  text: string;
  readonly children: Element[];
}

function attributeElements(text: string): Element[] {
  return [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => ({
    name: `@${name}`,
    text: value,
    children: [],
  }));
}

function treeOf(element: Element): unknown {
  if (element.children.length === 0) return unescape(element.text);
  const tree: Record<string, unknown> = {};
  for (const name of new Set(element.children.map((child) => child.name))) {
    const same = element.children.filter((child) => child.name === name).map(treeOf);
    tree[name] = same.length === 1 ? same[0] : same;
  }
  return tree;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function unescape(text: string): string {
  return text.replace(/&(lt|gt|quot|apos|amp);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}
