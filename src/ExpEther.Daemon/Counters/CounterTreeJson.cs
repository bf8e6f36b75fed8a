using System.Globalization;
using System.Text.Json.Nodes;
using ExpEther.Core.Counters;

namespace ExpEther.Daemon.Counters;

/// <summary>Counters as the JSON that their paths describe: objects, lists, numbers, labels.</summary>
public static class CounterTreeJson
{
    /// <summary>What a source counts at this moment.</summary>
    public static JsonObject Of(ICounterSource source)
    {
        var tree = new CounterTree();
        source.AddCounters(tree);
        return Of([.. tree.Entries.Select(e => new CounterValue(e.Path, e.Kind, e.Text, e.Read?.Invoke() ?? 0))], "counters");
    }

    /// <param name="values">Lists before their elements, elements in order.</param>
    /// <param name="origin">For the message of the exception.</param>
    /// <exception cref="CounterPageException">The paths do not make a tree.</exception>
    public static JsonObject Of(IReadOnlyList<CounterValue> values, string origin)
    {
        var root = new JsonObject();
        foreach (var value in values)
        {
            if (!TryPut(root, value))
            {
                throw new CounterPageException($"{origin}: '{value.Path}' has no place among what comes before it");
            }
        }

        return root;
    }

    private static bool TryPut(JsonObject root, in CounterValue value)
    {
        var names = value.Path.Split('.');
        if (names.Length > CounterPageLimits.PathDepthMax)
        {
            return false;
        }

        var at = root;
        foreach (var name in names.AsSpan(0, names.Length - 1))
        {
            if (Step(at, name) is not { } next)
            {
                return false;
            }

            at = next;
        }

        var last = names[^1];
        if (last.Length == 0 || last.Contains('[', StringComparison.Ordinal) || at.ContainsKey(last))
        {
            return false;
        }

        at[last] = value.Kind switch
        {
            CounterKind.Text => value.Text.Length > 0 ? value.Text : null,
            CounterKind.Flag => value.Value != 0,
            CounterKind.List => new JsonArray(),
            _ => value.Value,
        };
        return true;
    }

    /// <summary>The object of this name, or the element of a list, made when it is the next one.</summary>
    private static JsonObject? Step(JsonObject at, string name)
    {
        var bracket = name.IndexOf('[', StringComparison.Ordinal);
        if (bracket < 0)
        {
            if (name.Length > 0 && !at.ContainsKey(name))
            {
                at[name] = new JsonObject();
            }

            return at[name] as JsonObject;
        }

        if (at[name[..bracket]] is not JsonArray list || name[^1] != ']'
            || !int.TryParse(name.AsSpan(bracket + 1, name.Length - bracket - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            || index > list.Count)
        {
            return null;
        }

        if (index == list.Count)
        {
            list.Add(new JsonObject());
        }

        return list[index] as JsonObject;
    }
}
