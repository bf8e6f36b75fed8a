using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using ExpEther.Ethernet.Ports;

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

    public static JsonObject OfPort(INetworkPort port)
    {
        var json = Of(port.Counters);
        json.Insert(0, "name", port.Name);
        json.Insert(1, "isUp", port.IsUp);
        return json;
    }

    public static string Camel(string name) => JsonNamingPolicy.CamelCase.ConvertName(name);
}
