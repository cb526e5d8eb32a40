/** The PUBLISH of MQTT 3.1.1 at QoS 1 as bytes (OASIS standard, section 3.3). */

const publishQos1 = 0x32;
const retainFlag = 0x01;
/** Four bytes of seven bits each (section 2.2.3). */
const mostRemaining = 268_435_455;

/**
 * @param id 1 to 65,535: the broker's PUBACK names it
 * @throws RangeError where topic or payload are longer than MQTT allows
 */
export function publishPacket(topic: string, payload: Uint8Array, id: number, retain: boolean): Buffer {
  const topicBytes = Buffer.byteLength(topic);
  const remaining = 2 + topicBytes + 2 + payload.byteLength;
  if (topicBytes > 0xffff || remaining > mostRemaining)
    throw new RangeError(`a topic of ${topicBytes} and a payload of ${payload.byteLength} bytes are too long for MQTT`);
  const packet = Buffer.allocUnsafe(1 + lengthBytes(remaining) + remaining);
  let at = packet.writeUInt8(publishQos1 | (retain ? retainFlag : 0), 0);
  let rest = remaining;
  for (; rest > 0x7f; rest >>= 7) at = packet.writeUInt8((rest & 0x7f) | 0x80, at);
  at = packet.writeUInt8(rest, at);
  at = packet.writeUInt16BE(topicBytes, at);
  at += packet.write(topic, at);
  at = packet.writeUInt16BE(id, at);
  packet.set(payload, at);
  return packet;
}

const lengthBytes = (remaining: number): number =>
  remaining < 0x80 ? 1 : remaining < 0x4000 ? 2 : remaining < 0x20_0000 ? 3 : 4;
