using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExpEther.Ethernet.Ports;
using ExpEther.Link;
using ExpEther.Pcie.Tlp;

namespace ExpEther.Daemon.Status;

/// <summary>Counters as JSON, under the names that the code gives them. For people's eyes: reflection is quick enough.</summary>
internal static class CounterJson
{
    /// <summary>Every public integer property.</summary>
    public static JsonObject Of(object counters)
    {
        var json = new JsonObject();
        foreach (var property in counters.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.PropertyType == typeof(long) && property.GetValue(counters) is long value)
            {
                json[Camel(property.Name)] = value;
            }
        }

        return json;
    }

    public static JsonObject OfLink(string peer, LinkCounters counters)
    {
        var json = Of(counters);
        json.Insert(0, "peer", peer);
        var dropped = new JsonObject();
        foreach (var reason in Enum.GetValues<FrameDrop>())
        {
            if (counters.Dropped(reason) is > 0 and var count)
            {
                dropped[Camel(reason.ToString())] = count;
            }
        }

        json["droppedBy"] = dropped;
        foreach (var tlps in Enum.GetValues<TlpClass>())
        {
            json[$"tlps{tlps}Sent"] = counters.TlpsSent(tlps);
            json[$"tlps{tlps}Received"] = counters.TlpsReceived(tlps);
        }

        return json;
    }

    public static JsonObject OfPort(INetworkPort port)
    {
        var json = Of(port.Counters);
        json.Insert(0, "name", port.Name);
        json.Insert(1, "isUp", port.IsUp);
        return json;
    }

    public static string Camel(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);
}
