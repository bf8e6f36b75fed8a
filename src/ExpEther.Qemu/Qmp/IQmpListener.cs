using System.Text.Json;

namespace ExpEther.Qemu.Qmp;

/// <summary>Hears what happens to a <see cref="QmpClient"/>, on the owner's thread; must not dispose it from within.</summary>
public interface IQmpListener
{
    /// <summary>QEMU is there and takes commands.</summary>
    void OnConnected(QmpPeer peer);

    /// <summary>It is not any more; commands that waited have ended.</summary>
    void OnDisconnected(string reason);

    /// <summary>Something happened in QEMU; <paramref name="data"/> is undefined for events without any. Only while connected.</summary>
    void OnEvent(string name, JsonElement data);
}
