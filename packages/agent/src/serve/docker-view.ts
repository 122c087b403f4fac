/** `docker` of `/system`. */
import type { HostDetails } from "@belfry/contract";

export type DockerView =
  | {
      readonly available: true;
      readonly running: number;
      readonly total: number;
      readonly containers: readonly ContainerView[];
    }
  | {
      readonly available: false;
      readonly error:
        | "not_installed"
        | "permission_denied"
        | "timeout"
        | "daemon_not_running"
        | "unknown";
    };

export interface ContainerView {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly status: string;
  readonly ports: string;
  /** Whether a newer image exists is not looked for. */
  readonly update_available: null;
}

export function dockerView({ containers }: HostDetails): DockerView {
  if (containers === undefined) return { available: false, error: "not_installed" };
  if (containers.error !== undefined) return { available: false, error: errorOf(containers.error) };
  return {
    available: true,
    running: containers.running,
    total: containers.total,
    containers: containers.list.map(({ id, name, image, state, status, ports = "" }) => ({
      id,
      name,
      image,
      state,
      status,
      ports,
      update_available: null,
    })),
  };
}

function errorOf(error: string): Extract<DockerView, { available: false }>["error"] {
  switch (error) {
    case "permission_denied":
    case "timeout":
      return error;
    case "not_running":
      return "daemon_not_running";
    default:
      return "unknown";
  }
}
