import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Accounts } from "./accounts.ts";
import { bodyOf, fieldsOf } from "./body.ts";
import { HTML_TYPE, send } from "./site-page.ts";

interface Asked {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  readonly path: string;
}

const FORM_PATH = "/api/auth/signin";
const CONFIRM_PATH = "/api/auth/confirm";
const CALLBACK_PATH = "/api/auth/callback/credentials";

/** Where things are, for those who see only a picture: CSS pixels from the upper left corner, inside each of them. */
export const SIGN_IN_AT = {
  name: { x: 60, y: 110 },
  password: { x: 60, y: 160 },
  button: { x: 60, y: 210 },
  confirm: { x: 60, y: 110 },
} as const;

/** A form with name and password. A pop-up asks for a click before the form is sent. */
export class SignIn {
  readonly #accounts: Accounts;
  /** Passwords by name. */
  readonly #people = new Map<string, string>();

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  /** From now on this person can sign in. */
  add(name: string, password: string): void {
    this.#people.set(name, password);
  }

  /** False for an address that has nothing to do with signing in. */
  async serve({ request, response, path }: Asked): Promise<boolean> {
    if (path === FORM_PATH) send(response, 200, HTML_TYPE, page("Sign in", FORM, form));
    else if (path === CONFIRM_PATH) send(response, 200, HTML_TYPE, page("Confirm", CONFIRM, confirmation));
    else if (path === CALLBACK_PATH && request.method === "POST") this.#take(fieldsOf(await bodyOf(request)), response);
    else return false;
    return true;
  }

  #take({ name, password }: { name?: unknown; password?: unknown }, response: Http2ServerResponse): void {
    if (typeof name !== "string" || password === undefined || this.#people.get(name) !== password) {
      return send(response, 401, "text/plain", "wrong name or password");
    }
    response.setHeader("set-cookie", this.#accounts.sessionCookie(this.#accounts.rotate(name)));
    return send(response, 200, "text/plain", "signed in");
  }
}

function at(top: number): string {
  return `style="position:fixed;left:40px;top:${top}px;width:200px;height:24px"`;
}

const FORM = [
  `<input id="name" autocomplete="username" ${at(100)}>`,
  `<input id="password" type="password" autocomplete="current-password" ${at(150)}>`,
  `<button id="button" ${at(200)}>Sign in</button>`,
].join("");
const CONFIRM = `<button id="confirm" ${at(100)}>It is me</button>`;

function page(title: string, body: string, script: () => void): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1>${body}<script>(${script.toString()})()</script></body></html>`;
}

/** Runs in the page with the form. */
function form(): void {
  const [name, password] = document.querySelectorAll("input");
  document.querySelector("#button")?.addEventListener("click", () => {
    open("/api/auth/confirm", "confirm", "width=400,height=300");
  });
  addEventListener("message", ({ origin, data }) => {
    if (origin !== location.origin || data !== "confirmed") return;
    const body = JSON.stringify({ name: name?.value, password: password?.value });
    void fetch("/api/auth/callback/credentials", { method: "POST", body }).then((answer) => {
      if (answer.ok) location.replace("/zh");
      else document.title = "Wrong name or password";
    });
  });
}

/** Runs in the pop-up. */
function confirmation(): void {
  document.querySelector("#confirm")?.addEventListener("click", ({ isTrusted }) => {
    if (!isTrusted) return;
    (opener as Window).postMessage("confirmed", location.origin);
    close();
  });
}
