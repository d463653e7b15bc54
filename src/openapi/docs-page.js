/**
 * What runs in the page of /docs: Swagger UI. This file adds one thing to it: an answer is shown while it streams, and
 * the Clear button ends it.
 */

/** Reads the answer to its end and shows what came so far, piece by piece. */
async function fetchAndShow(url, init, show) {
  const response = await fetch(url, init);
  const { ok, status, statusText } = response;
  const headers = Object.fromEntries(response.headers);
  let text = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    show({ ok, url, status, statusText, headers, text, data: text });
  }
  return new Response(text, { status, statusText, headers });
}

function showsStreams() {
  let running = new AbortController();
  return {
    statePlugins: {
      spec: {
        wrapActions: {
          executeRequest:
            (execute, { specActions }) =>
            (request) => {
              running = new AbortController();
              const show = (response) => specActions.setResponse(request.pathName, request.method, response);
              const { signal } = running;
              const userFetch = (url, init) => fetchAndShow(url, { ...init, signal }, show);
              return execute({ ...request, userFetch });
            },
          clearResponse:
            (clear) =>
            (...operation) => {
              running.abort();
              return clear(...operation);
            },
        },
      },
    },
  };
}

globalThis.SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  plugins: [showsStreams],
  tryItOutEnabled: true,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
