import type { RequestHandler } from "express";
import { modelNotFound } from "../dialects/parameters.ts";
import { toModel, toModelList } from "../dialects/openai/model.ts";
import { sendJson } from "./respond.ts";
import type { ModelCatalog } from "./model-catalog.ts";

/** `GET /v1/models` */
export function listModels(models: ModelCatalog): RequestHandler {
  return (_request, response) => sendJson(response, 200, toModelList(models.names));
}

/** `GET /v1/models/{id}`; the id may hold slashes, plain or encoded. */
export function retrieveModel(models: ModelCatalog): RequestHandler {
  return (request, response) => {
    const id = [request.params["id"] ?? []].flat().join("/");
    if (!models.names.includes(id)) throw modelNotFound(id);
    sendJson(response, 200, toModel(id));
  };
}
