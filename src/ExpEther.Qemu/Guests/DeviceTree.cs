using System.Text.Json;
using ExpEther.Qemu.Qmp;

namespace ExpEther.Qemu.Guests;

/// <summary>
/// The devices of a QEMU, as far as they concern a slot, and the commands that add and delete them. In QEMU's object tree devices with an id are
/// children of <c>/machine/peripheral</c> by that name, those without of <c>/machine/peripheral-anon</c>; device_del takes an id or a path. A device's
/// <c>socket</c> cannot be read back; its <c>parent_bus</c> can, and ends in the bus's name.
/// </summary>
internal sealed class DeviceTree(QmpClient qmp)
{
    private const string Driver = "vfio-user-pci";
    private const string Named = "/machine/peripheral";
    private const string Unnamed = "/machine/peripheral-anon";

    /// <summary>Finds the device with an id or, with <paramref name="bus"/>, whatever vfio-user device sits on that bus.</summary>
    /// <returns>Whether the question was answered; and the device's id or path, null when there is none.</returns>
    public async Task<(bool IsAnswered, string? Device)> FindAsync(string id, string? bus)
    {
        foreach (var folder in bus is null ? [Named] : new[] { Named, Unnamed })
        {
            var list = await qmp.ExecuteAsync("qom-list", arguments => arguments.WriteString("path", folder), QemuLimits.QmpCommandTimeout);
            if (!list.IsDone)
            {
                return (false, null);
            }

            var names = DevicesIn(list.Value);
            if (folder == Named && names.Contains(id))
            {
                return (true, id);
            }

            foreach (var name in bus is null ? [] : names)
            {
                if (await IsOnAsync($"{folder}/{name}", bus!))
                {
                    return (true, folder == Named ? name : $"{folder}/{name}");
                }
            }
        }

        return (true, null);
    }

    public Task<QmpReply> AddAsync(string id, string bus, string socketPath) => qmp.ExecuteAsync(
        "device_add",
        arguments =>
        {
            arguments.WriteString("driver", Driver);
            arguments.WriteString("id", id);
            arguments.WriteString("bus", bus);
            arguments.WriteStartObject("socket");
            arguments.WriteString("type", "unix");
            arguments.WriteString("path", socketPath);
            arguments.WriteEndObject();
        },
        QemuLimits.DeviceAddTimeout);

    public Task<QmpReply> DeleteAsync(string device) =>
        qmp.ExecuteAsync("device_del", arguments => arguments.WriteString("id", device), QemuLimits.QmpCommandTimeout);

    /// <summary>Whether an event of a device (its data: device, where it has an id, and path) is about this one.</summary>
    public static bool IsAbout(JsonElement data, string device) =>
        (data.TryGetText("device", out var id) && id == device)
        || (data.TryGetText("path", out var path) && (path == device || path == $"{Named}/{device}"));

    private static List<string> DevicesIn(JsonElement list) =>
    [
        .. list.Items().Take(QemuLimits.DevicesMax)
            .Where(entry => entry.TryGetText("type", out var type) && type == $"child<{Driver}>")
            .Select(entry => entry.TryGetText("name", out var name) ? name : ""),
    ];

    private async Task<bool> IsOnAsync(string path, string bus)
    {
        var reply = await qmp.ExecuteAsync(
            "qom-get",
            arguments =>
            {
                arguments.WriteString("path", path);
                arguments.WriteString("property", "parent_bus");
            },
            QemuLimits.QmpCommandTimeout);
        return reply.IsDone && reply.Value.Text()?.EndsWith($"/{bus}", StringComparison.Ordinal) == true;
    }
}
