import type { RequestHandler } from "express";
import { modelNotFound } from "../dialects/parameters.ts";
import { toModel, toModelList } from "../dialects/openai/model.ts";
import { modelsFor } from "./key-models.ts";
import { requestContextOf } from "./request-context.ts";
import { sendJson } from "./respond.ts";
import type { ModelCatalog } from "./model-catalog.ts";

/** `GET /v1/models` */
export function listModels(models: ModelCatalog): RequestHandler {
  return (_request, response) => {
    sendJson(response, 200, toModelList(modelsFor(requestContextOf(response).acceptedKey, models.names)));
  };
}

/** `GET /v1/models/{id}`; the id may hold slashes, plain or encoded. */
export function retrieveModel(models: ModelCatalog): RequestHandler {
  return (request, response) => {
    const id = [request.params["id"] ?? []].flat().join("/");
    const names = modelsFor(requestContextOf(response).acceptedKey, models.names);
    if (!names.includes(id)) throw modelNotFound(id);
    sendJson(response, 200, toModel(id));
  };
}
