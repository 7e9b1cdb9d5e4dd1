import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/call";
import { signOut } from "@/api/session";
import { tellOtherTabs } from "@/api/tabs";
import { Menu } from "@/parts/Menu";
import { tell } from "@/parts/Toasts";

/** Who is looking, on a server that asks. */
export function UserMenu() {
  const user = useQuery({
    queryKey: ["whoami"],
    queryFn: ({ signal }) => call("service.whoami", {}, signal),
    staleTime: Number.POSITIVE_INFINITY,
  }).data?.user;
  if (!user) return null;
  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      tell((error as Error).message, "failed");
      return;
    }
    tellOtherTabs("signed-out");
    window.location.reload(); // what was fetched is nobody's now
  };
  return (
    <Menu
      label={`Signed in as ${user}`}
      button={<span className="user-name">{user}</span>}
      className="button user-button"
      items={[{ title: "Sign out", act: () => void leave() }]}
    />
  );
}
