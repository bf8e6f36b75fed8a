using System.Text.Json.Nodes;
using ExpEther.Cli.Output;

namespace ExpEther.Lab.Tests.Lab;

/// <summary>What <c>ls</c> of a guest's host bridge says of the guest's first slot.</summary>
internal static class HostState
{
    /// <summary>As docs/control-protocol.md names them: <c>connected</c>, <c>absent</c>, <c>quarantined</c> and so on.</summary>
    public static string InQemu(JsonObject host) => Slot(host)["guest"]!.AsObject().Cell("state");

    public static bool IsConnected(JsonObject host) => InQemu(host) == "connected" && Slot(host).Cell("state") == "on";

    public static bool IsAbsent(JsonObject host) => InQemu(host) == "absent";

    /// <summary>To the bridge's only box: <c>up</c>, <c>silent</c> or <c>down</c>.</summary>
    public static string Link(JsonObject host) => Host(host).Objects("boxes").Single().Cell("link");

    private static JsonObject Slot(JsonObject host) => Host(host).Objects("slots").First();

    private static JsonObject Host(JsonObject host) => host.Objects("hosts").Single();
}
